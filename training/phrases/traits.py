"""Words for the traits of a clip: tempo, loudness, register, density, room, and era.

There are none for the mood. The text encoder of the embedded model had learned 13 of them, and what it made of "happy"
and "sad" could not be told apart by mode, pace, register or level: captions do not promise what cannot be heard.
"""

from __future__ import annotations

# trait -> value -> adjectives that can precede a phrase or follow a comma
ADJECTIVES: dict[str, dict[str, list[str]]] = {
    "tempo": {"slow": ["slow", "slow", "unhurried"], "mid": ["moderate"], "fast": ["fast", "fast", "quick", "upbeat"]},
    "loudness": {"soft": ["soft", "quiet", "gentle"], "mid": [], "loud": ["loud", "powerful", "strong"]},
    "register": {"low": ["low"], "mid": [], "high": ["high"]},
    "density": {"sparse": ["sparse", "simple"], "mid": [], "busy": ["busy", "dense"]},
    "room": {"dry": ["dry", "close"], "mid": [], "hall": ["reverberant", "echoing"]},
    "era": {"modern": [], "vintage": ["vintage", "old", "lo fi"]},
}

# trait -> value -> phrases that end a caption
ENDINGS: dict[str, dict[str, list[str]]] = {
    "tempo": {
        "slow": ["at a slow tempo", "with a slow tempo", "played slowly"],
        "mid": ["at a medium tempo", "at a moderate tempo"],
        "fast": ["at a fast tempo", "with a fast tempo", "played fast"],
    },
    "loudness": {
        "soft": ["played softly", "at a quiet volume", "very quiet"],
        "mid": [],
        "loud": ["played loud", "at a loud volume", "very loud"],
    },
    "register": {
        "low": ["in a low register", "with low notes", "with deep notes"],
        "mid": ["in the middle register"],
        "high": ["in a high register", "with high notes"],
    },
    "density": {"sparse": ["with few notes"], "mid": [], "busy": ["with many notes"]},
    "room": {
        "dry": ["without reverb", "in a small room"],
        "mid": [],
        "hall": ["in a large hall", "with long reverb", "with a lot of echo", "in a huge space"],
    },
    "era": {"modern": [], "vintage": ["on an old gramophone", "on an old record", "from the radio"]},
}

# Endings that state a tempo as a number.
BPM_ENDINGS = ("at {} bpm", "at {} bpm", "at {} beats per minute", "at a tempo of {} bpm")
