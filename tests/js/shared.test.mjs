// The parts of widgets/static/shared.js that need no page. Run by tests/js/test_node.py, or: node --test tests/js
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync(new URL("../../widgets/static/shared.js", import.meta.url), "utf-8");
const { Asker, pieces, step } = await import(`data:text/javascript,${encodeURIComponent(`${source}\nexport { Asker, pieces, step };`)}`);

const row = (top, ...lefts) => lefts.map(offsetLeft => ({ offsetTop: top, offsetLeft, offsetWidth: 20 }));

test("left, right, Home and End stay within the list", () => {
  const items = row(0, 0, 30, 60);
  assert.equal(step("ArrowRight", 0, items), 1);
  assert.equal(step("ArrowRight", 2, items), 2);
  assert.equal(step("ArrowLeft", 0, items), 0);
  assert.equal(step("Home", 2, items), 0);
  assert.equal(step("End", 0, items), 2);
  assert.equal(step("a", 1, items), null);
});

test("up and down go to the nearest of the next row and no further", () => {
  const items = [...row(0, 0, 30, 60), ...row(40, 0, 50), ...row(80, 0)];
  assert.equal(step("ArrowDown", 2, items), 4);
  assert.equal(step("ArrowDown", 0, items), 3);
  assert.equal(step("ArrowDown", 4, items), 5);
  assert.equal(step("ArrowDown", 5, items), 5);
  assert.equal(step("ArrowUp", 4, items), 2);
  assert.equal(step("ArrowUp", 1, items), 1);
});

function asker() {
  const sent = [], busy = [];
  return { sent, busy, asker: new Asker({ send: message => sent.push(message) }, text => busy.push(text)) };
}

test("one request at a time, numbered, the later ones wait", () => {
  const { sent, asker: ask } = asker();
  ask.ask("pick", { token: "a" });
  ask.ask("pick", { token: "b" });
  assert.deepEqual(sent.map(({ kind, n, with: values }) => [kind, n, values]), [["pick", 1, { token: "a" }]]);
  assert.match(sent[0].view, /^[a-z0-9]{1,16}$/);
  assert.equal(ask.done(7), null);
  assert.equal(ask.done(1), "pick");
  assert.deepEqual(sent[1].with, { token: "b" });
  ask.done(2);
  assert.equal(ask.waiting, false);
  ask.stop();
});

test("of requests that only set a state the latest wins, and the others keep their turn", () => {
  const { sent, asker: ask } = asker();
  ask.ask("set", { x: 0 }, { latest: true, flows: true });
  ask.ask("set", { x: 1 }, { latest: true, flows: true });
  ask.ask("pick", {});
  ask.ask("set", { x: 2 }, { latest: true, flows: true });
  assert.equal(ask.overtaken, true);
  ask.done(1);
  ask.done(2);
  assert.deepEqual(sent.map(({ kind, with: { x } }) => [kind, x]), [["set", 0], ["pick", undefined], ["set", 2]]);
  assert.equal(ask.overtaken, false); // a slider's answers are drawn while it moves
  ask.done(3);
  ask.stop();
});

test("busy is said after 150 ms and not before, and a lost answer does not block for ever", async context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { sent, busy, asker: ask } = asker();
  ask.ask("pick", {});
  context.mock.timers.tick(149);
  assert.equal(busy.length, 0);
  context.mock.timers.tick(1);
  assert.match(busy[0], /asking the models/);
  ask.ask("undo", {});
  context.mock.timers.tick(10000);
  assert.match(busy[1], /has not answered for 10 seconds/);
  assert.equal(sent.length, 2);
  ask.stop();
});
