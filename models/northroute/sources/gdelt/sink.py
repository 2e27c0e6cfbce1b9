"""A Parquet file that takes whole files or nothing of them, in row groups of a fair size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_BYTES: Final = 16 << 20
"""Bytes of rows in memory before a row group is written."""


class Spool:
    """Rows of one file that wait until the file was read to its end; on disk once they are many."""

    def __init__(self, scratch: Path, schema: pa.Schema) -> None:
        self._scratch, self._schema = scratch, schema
        self._held: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """Take rows; columns that the schema has and they lack are empty text."""
        for name in self._schema.names:
            if name not in table.column_names:
                table = table.append_column(name, pa.repeat(pa.scalar("", pa.string()), len(table)))
        self._held.append(table.select(self._schema.names).replace_schema_metadata(None))
        if sum(t.nbytes for t in self._held) > GROUP_BYTES:
            self._writer = self._writer or pq.ParquetWriter(self._scratch, self._schema, compression="zstd")
            self._writer.write_table(pa.concat_tables(self._held).cast(self._schema))
            self._held.clear()

    def tables(self) -> Iterator[pa.Table]:
        """Yield everything taken, a row group at a time."""
        if self._writer:
            self._writer.close()
            self._writer = None
            with pq.ParquetFile(self._scratch) as written:
                for group in range(written.num_row_groups):
                    yield written.read_row_group(group).replace_schema_metadata(None)
        yield from self._held

    def close(self) -> None:
        """Forget everything."""
        if self._writer:
            self._writer.close()
        self._scratch.unlink(missing_ok=True)


class Sink:
    """A Parquet file being written.

    Parameters
    ----------
    path : Path
    schema : pyarrow.Schema
        With the file's metadata.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._pending: list[pa.Table] = []

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is pending and close."""
        if error is None:
            self._flush()
        self._writer.close()

    @contextmanager
    def spool(self) -> Iterator[Spool]:
        """Take one file: its rows go in when the block ends, and none of them if it raises."""
        spool = Spool(self._path.with_name(self._path.name + ".spool"), self._schema)
        try:
            yield spool
            for table in spool.tables():
                self._pending.append(table)
                if sum(t.nbytes for t in self._pending) > GROUP_BYTES:
                    self._flush()
        finally:
            spool.close()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.concat_tables(self._pending).cast(self._schema))
            self._pending.clear()
