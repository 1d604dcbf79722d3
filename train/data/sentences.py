"""Messages made of templates, for a try without data: some advertise, some are between friends."""

from __future__ import annotations

import numpy as np

_PARTS = {
    "name": ("Anna", "Ben", "Carla", "Deniz", "Emil", "Fatima", "Grace", "Hugo", "Ines", "Jonas"),
    "place": ("the station", "the library", "home", "the park", "the office", "grandma's", "the market", "the gym"),
    "time": ("at six", "tomorrow", "tonight", "on Friday", "after lunch", "in an hour", "next week", "later"),
    "thing": ("the keys", "some bread", "your book", "an umbrella", "the tickets", "my charger", "the photos"),
    "mood": ("thanks", "see you", "love you", "no worries", "sorry", "good luck", "take care", "sleep well"),
    "prize": ("a phone", "a holiday", "a gift card", "a new car", "concert tickets", "a games console", "gold"),
    "sum": ("100", "250", "500", "1000", "2000", "5000"),
    "code": ("WIN", "GO", "YES", "BONUS", "CASH", "LUCKY"),
    "number": ("80012", "84455", "87070", "60300", "82111", "88099"),
}
_TEMPLATES = {
    "friends": (
        "Hi {name}, are you still coming to {place} {time}?",
        "Can you bring {thing} {time}? {mood}",
        "I left {thing} at {place}, will fetch it {time}.",
        "{name} says {mood}, we are at {place} now",
        "Running late, meet me at {place} {time}. {mood}!",
        "Did {name} call you about {thing}?",
        "{mood} {name}, I will be free {time}",
        "Is {place} open {time}? I need {thing}",
    ),
    "advertising": (
        "Congratulations {name}! You have won {prize}. Text {code} to {number} now!",
        "URGENT: claim your {sum} prize {time}, call {number}. Terms apply.",
        "FREE entry: win {prize}! Send {code} to {number}, 1 per message",
        "Your account has a bonus of {sum} waiting. Reply {code} {time}",
        "Last chance to get {prize} for free. Call {number} or text {code}",
        "{name}, you were chosen for {sum} cash! Claim {time} on {number}",
    ),
}
_SHARES = {"friends": 0.75, "advertising": 0.25}


def generate_messages(count: int, seed: int) -> list[tuple[str, str]]:
    """Label and text of some messages; three in four are between friends.

    Args:
        count: How many.
        seed: The same seed gives the same messages.

    Returns:
        They in random order.
    """
    random = np.random.default_rng(seed)
    labels = random.choice(list(_SHARES), size=count, p=list(_SHARES.values()))
    messages = []
    for label in map(str, labels):
        template = str(random.choice(_TEMPLATES[label]))
        filled = {name: str(random.choice(options)) for name, options in _PARTS.items()}
        messages.append((label, template.format(**filled)))
    return messages
