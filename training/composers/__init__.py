"""One small composer per class of music. Each writes on a `Sketch` and returns the kind it chose, or None."""

from training.composers.ensembles import ambient, brass, choir, organ, strings
from training.composers.free import experimental, nature
from training.composers.rhythm import bass, drums, electronic, rock
from training.composers.soloists import acoustic_guitar, jazz_piano, mallets

__all__ = [
    "acoustic_guitar",
    "ambient",
    "bass",
    "brass",
    "choir",
    "drums",
    "electronic",
    "experimental",
    "jazz_piano",
    "mallets",
    "nature",
    "organ",
    "rock",
    "strings",
]
