"""Text, or any tokens, from a model that takes one token a step and returns a score for each that may come next.

The model has its state as inputs and outputs (`ModelContract.state`). Three ways to choose tokens: `greedy`, `beam`,
`sample`, each over a `Decoder`; `TokenDecoder` makes one of a `Stream`:

    model = load("dist/characters")
    decoder = TokenDecoder(model.stream(), model.contract, token="token", scores="logits")
    tokens = sample(decoder, [START], end=END, most=200, temperature=0.8, top_k=20, seed=1)

Several models that work together, such as an encoder that runs once and a decoder that runs for each token, lie in one
folder with a `Pipeline` document: `load_pipeline(folder)` gives a `Generator`, from a text to a text. A recipe gives
that document by `Recipe.whole`, with samples on which the whole is judged:

    Pipeline(
        name="translate", task="translation", parts=("encoder", "decoder"),
        links={"decoder/memory": "encoder/memory"},
        generation=Generation(token="token", scores="logits", start=(START,), end=END, most=20, method="beam"),
        metric=Metric("bleu", max_drop=0.02),
    )

The tokens become a text by the labels of the decoder's contract, joined by `Generation.separator`. A decoder may stand
alone (one part): its token input then takes a prompt, by the steps of its contract, 0 at the end being padding.
"""

from .decoder import Decoder, TokenDecoder
from .document import Generation, Pipeline
from .generator import Generator, load_pipeline
from .searching import Hypothesis, beam, greedy, sample

__all__ = [
    "Decoder",
    "Generation",
    "Generator",
    "Hypothesis",
    "Pipeline",
    "TokenDecoder",
    "beam",
    "greedy",
    "load_pipeline",
    "sample",
]
