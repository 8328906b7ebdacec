"""Both paths asked by one viewer, whose reads are held against what the answers show."""

from typing import Any

from tests.compile.logged import Auditor
from tests.compile.paths import Paths

from bangfu.access import Viewer
from bangfu.store.reads import LoggedRead, read_reads
from bangfu_schema import decoded


class Watched:
    """Both paths for one viewer, and what is logged of each request."""

    def __init__(self, paths: Paths, viewer: Viewer | None) -> None:
        self.paths = paths
        self.viewer = viewer
        self._auditor = Auditor(paths.graph.compiler.schema)

    def ask(
        self, document: str, variables: dict[str, Any] | None = None, *, plainly: bool = False, **more: Any
    ) -> tuple[dict[str, Any], LoggedRead | None]:
        """The answer, and the one entry of the log that was made for it, if any was."""
        last = max((each.id for each in self._newest()), default=0)
        database = self.paths.database
        asked = self.paths.graph.execute(database, document, variables, plainly=plainly, viewer=self.viewer, **more)
        answer = decoded(self.paths.run(asked))
        new = [each for each in self._newest() if each.id > last]
        assert len(new) <= 1
        return answer, new[0] if new else None

    def check(self, document: str, variables: dict[str, Any] | None = None) -> LoggedRead | None:
        """Asks in each way there is, compares the log with the answer, and gives the last entry."""
        read = None
        for plainly in (False, False, True):  # as the executor reads it, as it is read again, field by field
            answer, read = self.ask(document, variables, plainly=plainly)
            expected = self._auditor.expects(document, variables or {}, answer)
            has_failed = "errors" in answer
            assert set(read.shown if read else ()) == expected.shown
            assert (read.counts if read else {}) == expected.counts
            for way in ("filtered", "ordered"):
                logged, named = set(getattr(read, way) if read else ()), getattr(expected, way)
                # What is refused before anything is read has read nothing.
                assert logged == named or (has_failed and logged < named)
            assert read is None or read.succeeded is not has_failed
        return read

    def _newest(self) -> list[LoggedRead]:
        with self.paths.database.engine.connect() as connection:
            return read_reads(connection, most=2)
