"""The bytes of an event file, by TensorBoard's own messages and record writer: `event_file.hex`.

pip install tensorboard; python tests/reference/event_file.py > tests/reference/event_file.hex
"""

import io

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

stream = io.BytesIO()
writer = RecordWriter(stream)
values = [
    Summary.Value(tag="train/loss", simple_value=0.75),
    Summary.Value(tag="watch/entropy(gram(Z), 1)", simple_value=0.0),
]
for event in [
    Event(wall_time=1.5, step=0, file_version="brain.Event:2"),
    Event(wall_time=2.25, step=301, session_log=SessionLog(status=SessionLog.START)),
    Event(wall_time=3.125, step=301, summary=Summary(value=values)),
]:
    writer.write(event.SerializeToString())
text = stream.getvalue().hex()
for start in range(0, len(text), 100):
    print(text[start : start + 100])
