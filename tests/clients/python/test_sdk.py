"""The unmodified Python SDK against a running server whose default agent is `echo`.

What each method sends is recorded in tests/AgentProtocolServer.Tests/Python; this shows that the recordings are what the SDK does.
"""

import asyncio
import os
import uuid

import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.errors import ConflictError, NotFoundError

URL = os.environ.get("AGENT_PROTOCOL_URL", "http://localhost:8123")
ECHO = "echo"


def say(text):
    return {"messages": [{"role": "user", "content": text}]}


def transcript(values):
    return [f"{message['type']}: {message['content']}" for message in values["messages"]]


@pytest.fixture(scope="module")
def client():
    return get_sync_client(url=URL)


@pytest.fixture
def thread_id(client):
    return client.threads.create()["thread_id"]


def test_threads_are_created_found_changed_and_deleted(client):
    mark = {"mark": str(uuid.uuid4())}
    thread = client.threads.create(metadata=mark, thread_id=str(uuid.uuid4()), ttl=60)
    thread_id = thread["thread_id"]
    with pytest.raises(ConflictError):
        client.threads.create(thread_id=thread_id)
    assert client.threads.update(thread_id, metadata={"more": 1})["metadata"] == {**mark, "more": 1}
    assert client.threads.update(thread_id, metadata={"more": 2}, return_minimal=True) is None
    assert [found["thread_id"] for found in client.threads.search(metadata=mark, status="idle")] == [thread_id]
    assert client.threads.count(metadata=mark) == 1
    assert "ttl" in client.threads.get(thread_id, include=["ttl"])
    client.threads.delete(thread_id)
    with pytest.raises(NotFoundError):
        client.threads.get(thread_id)


def test_state_is_read_and_edited(client, thread_id):
    client.runs.wait(thread_id, ECHO, input=say("hello"))
    state = client.threads.get_state(thread_id)
    assert transcript(state["values"]) == ["human: hello", "ai: echo: hello"]
    assert (state["next"], state["tasks"]) == ([], [])
    assert client.threads.get_state(thread_id, state["checkpoint"]) == state
    assert client.threads.get_state(thread_id, checkpoint_id=state["checkpoint"]["checkpoint_id"]) == state
    client.threads.update_state(thread_id, say("more"))
    assert len(client.threads.get_history(thread_id, before=state["checkpoint"])) == 2


def test_runs_are_created_joined_listed_and_deleted(client, thread_id):
    created = []
    run = client.runs.create(thread_id, ECHO, input=say("hello"), on_run_created=created.append)
    assert created == [{"run_id": run["run_id"], "thread_id": thread_id}]
    assert transcript(client.runs.join(thread_id, run["run_id"])) == ["human: hello", "ai: echo: hello"]
    assert client.runs.get(thread_id, run["run_id"])["status"] == "success"
    assert client.runs.list(thread_id, select=["run_id"]) == [{"run_id": run["run_id"]}]
    client.runs.delete(thread_id, run["run_id"])
    assert transcript(client.runs.wait(None, ECHO, input=say("alone"))) == ["human: alone", "ai: echo: alone"]
    assert client.runs.create(None, ECHO, input=say("alone"))["status"] == "pending"


def test_a_failure_is_told(client, thread_id):
    assert client.runs.wait(thread_id, ECHO, input=say("fail boom"))["__error__"]["message"] == "boom"
    with pytest.raises(Exception, match="boom"):  # only the asynchronous client raises
        asyncio.run(get_client(url=URL).runs.wait(thread_id, ECHO, input=say("fail boom")))


def test_a_run_is_steered_and_cancelled(client, thread_id):
    client.runs.create(thread_id, ECHO, input=say("sleep 60 first"))
    values = client.runs.wait(thread_id, ECHO, input=say("now this"), multitask_strategy="interrupt")
    assert transcript(values)[-2:] == ["human: now this", "ai: echo: now this"]
    for wait in (True, False):
        run = client.runs.create(thread_id, ECHO, input=say("sleep 60"))
        client.runs.cancel(thread_id, run["run_id"], wait=wait)
        client.runs.join(thread_id, run["run_id"])
        assert client.runs.get(thread_id, run["run_id"])["status"] == "interrupted"


def test_streams_are_read_and_joined_again(client, thread_id):
    created = []
    events = list(
        client.runs.stream(
            thread_id, ECHO, input=say("hello there"), stream_mode=["values", "messages-tuple"], on_run_created=created.append
        )
    )
    assert [part.event for part in events] == ["metadata", "values", "messages", "messages", "messages", "values"]
    joined = list(client.runs.join_stream(thread_id, created[0]["run_id"], last_event_id="-1"))
    assert [(part.event, part.data) for part in joined] == [(part.event, part.data) for part in events]
    assert [part.event for part in client.runs.stream(None, ECHO, input=say("x"))] == ["metadata", "values", "values"]
