"""The acceptance of the freeze write-up, against any service with its POST /api/chat/generate: freeze, model call, settle.

    locust --headless -f examples/locust/locustfile.py --host http://127.0.0.1:3000 -u 100 -r 100 -t 30s

- 100 requests at once of a single user, no lock timeout: every request is answered with 200.
- Average response time below 50 ms, without the time of the model.
- No deadlock: as above, and no answer speaks of one.
- Idempotency: some requests are sent twice at once under one id, and both get the same cost.

The exit code is 1 when one of them is not met. The settings are environment variables, see below.
"""

import json
import os
import random
import re
import uuid

import gevent
from locust import HttpUser, between, events, task

# The single user, and what else the service wants in the body and in the headers.
USER_ID = int(os.environ.get("CHAT_USER_ID", "8"))
BODY = json.loads(os.environ.get("CHAT_BODY", "{}"))
HEADERS = json.loads(os.environ.get("CHAT_HEADERS", "{}"))
# The fields of the request id in the body, and of the cost in the answer.
ID_FIELD = os.environ.get("CHAT_ID_FIELD", "request_id")
COST_FIELD = os.environ.get("CHAT_COST_FIELD", "cost")
AVERAGE_MS_MAX = float(os.environ.get("AVERAGE_MS_MAX", "50"))
# What the model takes is not the service's.
MODEL_MS = float(os.environ.get("MODEL_MS", "0"))
# Of the requests, those that are sent twice.
TWICE_SHARE = float(os.environ.get("TWICE_SHARE", "0.1"))

PATH = "/api/chat/generate"
LOCKED = re.compile(r"lock wait timeout|deadlock", re.IGNORECASE)


class Outcome:
    asked = 0
    twice = 0
    unequal = 0
    locked = 0


class FreezeUser(HttpUser):
    wait_time = between(0.1, 0.5)

    @task
    def generate(self):
        body = {"user_id": USER_ID, "prompt": "测试", **BODY, ID_FIELD: str(uuid.uuid4())}
        Outcome.asked += 1
        if random.random() >= TWICE_SHARE:
            self.send(body)
            return
        Outcome.twice += 1
        both = [gevent.spawn(self.send, body) for _ in range(2)]
        gevent.joinall(both)
        first, second = [one.value for one in both]
        # A failed request counts as such, and not as an unequal one.
        if first is not None and second is not None and first.get(COST_FIELD) != second.get(COST_FIELD):
            Outcome.unequal += 1

    def send(self, body):
        with self.client.post(PATH, json=body, headers=HEADERS, catch_response=True) as response:
            text = response.text or ""
            if LOCKED.search(text):
                Outcome.locked += 1
            if response.status_code != 200:
                response.failure(f"{response.status_code}: {text[:200]}")
                return None
            try:
                return response.json()
            except ValueError:
                response.failure(f"no JSON: {text[:200]}")
                return None


@events.quitting.add_listener
def accept(environment, **_):
    total = environment.stats.total
    average_ms = total.avg_response_time - MODEL_MS
    criteria = [
        (f"every request is answered with 200: {total.num_failures} of {total.num_requests} are not", total.num_failures == 0),
        (f"no lock timeout and no deadlock in the answers: {Outcome.locked}", Outcome.locked == 0),
        (f"average below {AVERAGE_MS_MAX:g} ms: {average_ms:.1f} ms", average_ms < AVERAGE_MS_MAX),
        (f"one cost for one id: {Outcome.unequal} of {Outcome.twice} differ", Outcome.unequal == 0),
        (f"something was asked: {Outcome.asked} ids", Outcome.asked > 0 and total.num_requests > 0),
    ]
    for text, is_met in criteria:
        print(f"{'ok  ' if is_met else 'FAIL'} {text}")
    environment.process_exit_code = 0 if all(is_met for _, is_met in criteria) else 1
