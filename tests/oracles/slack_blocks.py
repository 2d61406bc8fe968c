"""Slack's own SDK, asked whether it takes messages.

Usage: slack_blocks.py < MESSAGES
Standard input is a JSON array of messages. Prints a JSON array of what is wrong with them.
"""

import json
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

# Blocks of a message, and characters of the text beside them (Slack, "Reference: Block Kit").
BLOCKS = 50
TEXT = 40_000


def wrong(at, message):
    """What is wrong with one message, a sentence each."""
    text, blocks = message.get("text"), message.get("blocks", [])
    if not text or len(text) > TEXT:
        yield f"{at}: a text of {len(text or '')} characters"
    if not 1 <= len(blocks) <= BLOCKS:
        yield f"{at}: {len(blocks)} blocks"
    for place, block in enumerate(blocks):
        parsed = Block.parse(block)
        try:
            # Whatever is too long is refused here.
            if parsed is None or parsed.to_dict() != block:
                yield f"{at}: block {place} is not what it is read as: {block}"
        except SlackObjectFormationError as error:
            yield f"{at}: block {place}: {error}"


def main():
    messages = json.load(sys.stdin)
    found = [fault for at, message in enumerate(messages) for fault in wrong(at, message)]
    print(json.dumps(found))


main()
