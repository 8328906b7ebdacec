"""Asks all contenders the same, checks that they answer the same, and measures them in turn."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from math import inf
from statistics import median

from bench.client import Wire, load
from bench.contenders import Contender, Server, serving
from bench.data import Filled
from bench.questions import NAMED, Question, comparable, cursor_of, first

CROWD = 16
_PAGES = 5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    seconds: float
    """For each contender in each round, at each concurrency."""

    warm_up: float

    @property
    def patience(self) -> float:
        """Seconds after which a slow contender is left out of the rounds that remain."""
        return 3 * self.rounds * self.seconds


FULL = Effort(rounds=9, seconds=1.0, warm_up=3.0)
QUICK = Effort(rounds=3, seconds=0.4, warm_up=1.0)


@dataclass
class Told:
    """What was measured of one contender and one question; one value for each round."""

    latency: list[float] = field(default_factory=list)
    """Median seconds for an answer, one request at a time."""

    crowded: list[float] = field(default_factory=list)
    """The same with sixteen at a time."""

    throughput: list[float] = field(default_factory=list)
    """Answers per second, sixteen at a time."""

    refused: int = 0
    """Requests, sixteen at a time, for which the server was too busy."""

    spent: float = 0.0
    """Seconds that measuring it has taken."""


@dataclass(frozen=True)
class Result:
    """A question on a data set, by contender."""

    question: Question
    size: int
    """Bytes of an answer."""

    told: Mapping[Contender, Told]

    def latency(self, of: Contender) -> float:
        """Median seconds for an answer."""
        return median(self.told[of].latency)

    def throughput(self, of: Contender) -> float:
        """Answers per second with sixteen at a time."""
        return median(self.told[of].throughput)

    def latency_ratio(self, of: Contender, to: Contender) -> float:
        """How many times as long one takes as another, in the same round."""
        return _ratio(self.told[of].latency, self.told[to].latency)

    def throughput_ratio(self, of: Contender, to: Contender) -> float:
        """How many times as much one answers as another, in the same round."""
        return _ratio(self.told[of].throughput, self.told[to].throughput)


@dataclass(frozen=True)
class Cost:
    """What lists of growing size cost the server's own process."""

    contender: Contender
    processor: Mapping[int, float]
    """Seconds of processor time for a request, by the number of rows."""

    memory: int
    """Bytes above idle at the peak of 1,000 households asked for one at a time."""

    crowded_memory: int
    """The same with sixteen at a time."""


async def compare(data: Filled, questions: Sequence[Question], effort: Effort, say: Say) -> list[Result]:
    """Measures questions one after the other on a data set."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving(each, data)) for each in Contender]
        return [await _compare(data, question, servers, effort, say) for question in questions]


async def _compare(data: Filled, question: Question, servers: Sequence[Server], effort: Effort, say: Say) -> Result:
    requests = {server.contender: await _requests(data, question, server) for server in servers}
    say(f"{question.name}: answers")
    size = await _check(servers, requests)
    for server in servers:
        say(f"{question.name}: warm-up of {server.contender}")
        # Long enough for each connection to settle on its plans.
        await load(server.port, requests[server.contender], concurrency=CROWD, seconds=effort.warm_up)
    told = {server.contender: Told() for server in servers}
    for number in range(effort.rounds):
        for server in _turned(servers, number):
            say(f"{question.name}: round {number + 1} of {effort.rounds}, {server.contender}")
            await _measure(server, requests[server.contender], told[server.contender], effort)
    return Result(question, size, told)


async def _measure(server: Server, requests: Sequence[bytes], told: Told, effort: Effort) -> None:
    if told.spent > effort.patience:
        return
    alone = await load(server.port, requests, concurrency=1, seconds=effort.seconds, least=2)
    told.latency.append(median(alone.latencies))
    crowd = await load(server.port, requests, concurrency=CROWD, seconds=effort.seconds)
    told.crowded.append(median(crowd.latencies or [inf]))
    told.refused += crowd.refused
    told.throughput.append(crowd.throughput)
    told.spent += alone.elapsed + crowd.elapsed


async def _requests(data: Filled, question: Question, server: Server) -> list[bytes]:
    """A question's requests as a server takes them; where it follows another, after that one's first pages."""
    variables = question.variables(data)
    if question.follows is not None:
        begin = NAMED[question.follows]
        with closing(await Wire.open(server.port)) as wire:
            body = await wire.send(begin.request(server, begin.variables(data)[0]))
            found = []
            for _ in range(_PAGES):
                found.append({**variables[0], "after": cursor_of(body)})
                body = await wire.send(question.request(server, found[-1]))
        variables = found
    return [question.request(server, each) for each in variables]


async def _check(servers: Sequence[Server], requests: Mapping[Contender, Sequence[bytes]]) -> int:
    """Refuses to go on where two servers answer differently; the size of an answer."""
    answers = {}
    for server in servers:
        with closing(await Wire.open(server.port)) as wire:
            answers[server.contender] = [await wire.send(each) for each in requests[server.contender]]
    right = list(map(comparable, answers[Contender.LIMIT]))
    for contender, bodies in answers.items():
        for found, expected in zip(map(comparable, bodies), right, strict=True):
            if found != expected:
                raise RuntimeError(f"{contender} answers {str(found)[:600]}\n\nnot {str(expected)[:600]}")
    return round(median(map(len, answers[Contender.BANGFU])))


async def costs(data: Filled, say: Say, *, requests: int) -> list[Cost]:
    """What lists cost the processes of this server and of the limit; each in a process just begun."""
    return [await _cost(data, each, say, requests) for each in (Contender.BANGFU, Contender.LIMIT, Contender.IDIOMATIC)]


async def _cost(data: Filled, contender: Contender, say: Say, requests: int) -> Cost:
    say(f"processor and memory of {contender}")
    question = NAMED["thousand"]
    async with serving(contender, data) as server:

        def asked(size: int) -> list[bytes]:
            return [question.request(server, each) for each in first(size)(data)]

        await load(server.port, asked(10), concurrency=CROWD, seconds=0, least=CROWD * 10)
        idle = server.memory()
        server.forget_peak()
        await load(server.port, asked(1000), concurrency=1, seconds=0, least=10)
        alone = server.peak() - idle
        await load(server.port, asked(1000), concurrency=CROWD, seconds=0, least=CROWD * 2)
        crowded = server.peak() - idle
        processor = {}
        for size in (10, 100, 1000):
            few = requests if contender is not Contender.IDIOMATIC else max(requests // 10, 5)
            before = server.cpu()
            await load(server.port, asked(size), concurrency=1, seconds=0, least=few)
            processor[size] = (server.cpu() - before) / few
        return Cost(contender, processor, alone, crowded)


def _turned(servers: Sequence[Server], number: int) -> list[Server]:
    """The servers in another order each round, so that none is always measured after the same one."""
    turn = number % len(servers)
    return [*servers[turn:], *servers[:turn]]


def _ratio(some: Sequence[float], others: Sequence[float]) -> float:
    return median(one / other if other else inf for one, other in zip(some, others, strict=False))
