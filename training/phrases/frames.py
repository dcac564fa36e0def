"""What stands around the name of a clip: players, pairs, and the ways of asking for a sound."""

from __future__ import annotations

# Instruments for "someone playing ..."; they are true for all kinds of the class.
PLAYED: dict[str, list[str]] = {
    "rock": ["rock music", "the electric guitar with a drummer"],
    "electronic": ["electronic music", "dance music on a synthesizer"],
    "acoustic_guitar": ["acoustic guitar", "the acoustic guitar", "an acoustic guitar", "a folk guitar"],
    "nature": [],
    "ambient": ["ambient music", "ambient pads on a synthesizer"],
    "jazz_piano": ["jazz piano", "jazz on the piano", "the piano", "a piano"],
    "experimental": ["experimental music", "strange sounds on a synthesizer"],
    "strings": ["strings", "the violins and cellos", "music in a string orchestra"],
    "drums": ["drums", "the drums", "a drum kit"],
    "bass": ["bass", "the bass", "a bass line"],
    "organ": ["organ", "the organ", "an organ"],
    "mallets": ["mallets", "the mallets", "mallet percussion"],
    "brass": ["brass", "brass instruments", "in a brass band"],
    "choir": [],
}
PLAYERS = ("someone playing {}", "a person playing {}", "a musician playing {}", "musician playing {}", "playing {}")

# Captions for two pieces that sound together. The louder one can be in either place.
PAIRS = (
    "{} with {}",
    "{} with {}",
    "{} and {}",
    "{} and {}",
    "{} over {}",
    "{} mixed with {}",
    "{} together with {}",
    "both {} and {}",
)

PREFIXES = (
    "a recording of",
    "the sound of",
    "a clip of",
    "a sample of",
    "some",
    "this is",
    "listen to",
    "play",
    "i want to hear",
    "please make",
    "generate",
    "audio of",
)
SUFFIXES = ("recording", "clip", "in the background", "for ten seconds", "please")
