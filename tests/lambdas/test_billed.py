"""What ``benchmarks.usage`` says that the status table is asked for is what the transform asks it for."""

from __future__ import annotations

import random
from collections import Counter

from benchmarks import usage
from due_cli.events.status_codec import decode
from tests.lambdas.world import STATUS, World, batch, results


def test_calls_items_and_their_sizes_are_those_of_the_function(world: World) -> None:
    payloads = list(usage._traffic(random.Random(3)))[:210]
    table = usage._Table()
    written = 0
    with world.function("transform") as transform:
        for part in (payloads[:120], payloads[120:], payloads[:30]):
            table.add(status for payload in part for status in usage._reading(payload).statuses)
            reply = transform.call(batch(part))
            assert set(results(reply)) == {"Ok"}
            written += reply.logged()["statuses"]["written"]
    assert table.calls == Counter(world.calls).total()
    assert table.writes == written  # a unit each: no item is larger than that
    items = world.dynamodb.scan(TableName=STATUS)["Items"]
    assert {item["message_id"]["S"] for item in items} == table.items.keys()
    for item in items:
        bytes_ = sum(len(name.encode()) + len(next(iter(value.values())).encode()) for name, value in item.items())
        assert bytes_ == usage._size(decode(item["message_id"]["S"], item["facts"]["S"])) <= 1024
