"""Sentences of our own, in the manner of an encyclopaedia: what the game, the lessons, the tests and the timings read.

Nothing here is copied from WikiText-2, so a model cannot have met these sentences in training. They are typed as a
person types them; `LanguageModel.tokenize` turns them into the corpus's words.
"""

from pathlib import Path

__all__ = ["EXPLORER_TEXT", "PASSAGES", "RECORDED_TEXT", "SMALL_TEXT", "TIMING_TEXT"]

#: What the explorer shows when a notebook opens.
EXPLORER_TEXT = "The king was crowned in"

#: What is read at each checkpoint of a recorded training: 19 tokens, some of which come again.
RECORDED_TEXT = "The ship left the island in May, and the ship came back to the island in June."

#: For timings: 24 tokens as the models read them.
TIMING_TEXT = (
    "The old bridge was built in the cold winter of 1894, and it carried the railway across the river until the war."
)

#: One sentence a round: some words in it are nearly certain, some nobody could guess.
PASSAGES = (
    "The bridge was built in 1894 and carried the railway across the river until the end of the war.",
    "The album was released in March and reached number one in the United Kingdom.",
    "The storm moved to the north and made landfall on the coast of Florida early the next morning.",
    "She was born in London, the youngest of three children, and studied music at the University of Oxford.",
    "The species is found in the forests of South America, where it feeds on fruit, seeds and small insects.",
    "The second season received positive reviews from critics, who praised the writing and the cast.",
    "The ship left the harbour at night, but the fog forced her captain to return two hours later.",
    "The church stands on a hill above the village and was first mentioned in a letter of 1215.",
    "He scored twice in the first half, and the team won the match by three goals to one.",
    "The road begins in the city centre, crosses the river and ends at the border with Canada.",
    "The game allows the player to explore an island, meet its people and learn what happened to them.",
    "The castle was taken by the French army in the spring and given back to its owner a year later.",
)

#: A small text in the shape of the WikiText-2 files: a heading between equals signs, an empty line, a paragraph a line,
#: words split by spaces, rare words already <unk>. It stands in where the corpus itself has not been fetched.
SMALL_TEXT = Path(__file__).with_name("small_text.txt").read_text(encoding="utf-8")
