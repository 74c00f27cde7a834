#!/usr/bin/env python3
"""A program in steps. Each topic of the human messages, separated by commas, is one step with a checkpoint.

What is left to do follows from the state alone. So it goes on where it was after a crash, and takes messages that
arrive while it works: try it with "apples, pears", and steer it with "plums".
"""
import json
import sys


def say(kind, **members):
    print(json.dumps({"type": kind, **members}), flush=True)


def take_messages():
    """Between two steps: asks for what has been sent meanwhile. The server always answers, if only with an empty list."""
    say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "messages":
            return request["messages"]
        if request["type"] in ("cancel", "drain"):
            break
    sys.exit(0)  # What is finished is in the state; the rest is done elsewhere, or not at all.


def topics_of(messages):
    texts = [message["content"] for message in messages if message["type"] == "human" and isinstance(message["content"], str)]
    return list(dict.fromkeys(topic.strip() for text in texts for topic in text.split(",") if topic.strip()))


run = json.loads(sys.stdin.readline())
messages = run["messages"]
notes = run["values"].get("notes") or {}

while True:
    messages += take_messages()
    topics = topics_of(messages)
    missing = [topic for topic in topics if topic not in notes]
    if not missing:
        break
    topic = missing[0]
    say("step", node="research")
    say("progress", percent=100 * (len(topics) - len(missing)) / len(topics), phase="research", note=f"Looking into {topic}")
    notes[topic] = f"{topic} has {len(topic)} letters"  # Here the work would be done.
    say("artifact", name=topic, content=notes[topic])
    say("update", node="research", values={"notes": notes})

if messages and messages[-1]["type"] != "ai":
    say("message", content="; ".join(notes[topic] for topic in topics) or "Name topics, separated by commas.")
say("done")
