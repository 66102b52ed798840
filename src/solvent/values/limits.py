"""Every limit in one place: what the outside may send, how long we wait, how much we keep.

A limit that is hit names itself in the error, so the reader of the error can find it here.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

# What a client may send
REQUEST_BODY_BYTES_MAX = 4 * MIB
REQUEST_HEADER_BYTES_MAX = 64 * KIB
REQUEST_HEAD_S_MAX = 15.0  # from the first byte of a request to the end of its headers
REQUEST_BODY_S_MAX = 30.0  # silence between two pieces of a request body
REQUEST_BODY_WHOLE_S_MAX = 120.0
MESSAGES_MAX = 2_048
STOP_SEQUENCES_MAX = 4
OUTPUT_TOKENS_MAX = 1_000_000  # nobody may ask for more, whatever the model allows
NAME_CHARACTERS_MAX = 120
CONNECTIONS_MAX = 12_000

# What an upstream may send
UPSTREAM_HEAD_BYTES_MAX = 64 * KIB
UPSTREAM_BODY_BYTES_MAX = 32 * MIB
UPSTREAM_EVENT_BYTES_MAX = 4 * MIB
UPSTREAM_CONNECT_S_MAX = 10.0
UPSTREAM_FIRST_BYTE_S_MAX = 300.0
UPSTREAM_SILENCE_S_MAX = 120.0  # between two pieces of one answer
UPSTREAM_CONNECTIONS_MAX = 1_024  # for one provider
UPSTREAM_IDLE_S_MAX = 50.0  # an idle kept-alive connection older than this is not used again
UPSTREAM_BUFFER_BYTES = 256 * KIB  # unread bytes of one answer before we stop reading its socket
DRAIN_BYTES_MAX = 8 * MIB  # after the client left, to reach the usage event
DRAIN_S_MAX = 60.0

# Money
TOKENS_MAX = 10_000_000_000  # in one bucket of one answer; more is refused as nonsense
GRAINS_MAX = 2**63 - 1  # one 64-bit column

# Time
ANSWER_S_MAX = 1_800.0  # one whole answer
HOLD_S_MAX = 2_400  # a hold nobody resolved by then is voided; longer than any answer
SHUTDOWN_S_MAX = 30.0  # for answers under way when the process is told to stop
SWEEP_S = 60.0

# Books
COMMIT_ENTRIES_MAX = 4_000  # answers in one group commit
COMMIT_QUEUE_MAX = 200_000  # entries waiting; past it new answers are refused as overloaded
