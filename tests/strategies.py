"""What a broken or malicious page could put into a message: strategies for hypothesis."""

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
NUMBERS = st.one_of(st.integers(-3, 9), st.sampled_from([-1, 10**9, -(10**9), 2**70]), st.floats(), st.booleans())
LEAVES = st.one_of(st.none(), NUMBERS, ANY_TEXT, st.sampled_from(["The king", "was", "", "LSTM", "<script>"]))
ANY_JSON = st.recursive(LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(ANY_TEXT, part, max_size=3))
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=4), ANY_JSON)
PLACES = st.sampled_from([0, 1]) | VALUES


def request(kind, **values):
    """Return what describes a request of one kind: a strategy for each of its parts, with one for each value."""
    return {"kind": st.just(kind), "with": st.fixed_dictionaries(values)}
