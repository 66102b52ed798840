"""Every limit in one place: what the outside may send, how long we wait, how much we keep.

A limit that is hit names itself in the error, so the reader of the error can find it here.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

# What a client may send
REQUEST_BODY_BYTES_MAX = 4 * MIB
KEY_MODELS_MAX = 100  # that a key is limited to
KEY_ADDRESSES_MAX = 100
OVERLAP_HOURS = 24  # that a key's former secret stays good, unless it is said otherwise
OVERLAP_HOURS_MAX = 720
REQUEST_HEADER_BYTES_MAX = 64 * KIB
CHUNK_FRAMING_BYTES_MAX = 24  # around each chunk of a request's body; more of it counts as a header does
REQUEST_HEAD_S_MAX = 15.0  # from the first byte of a request to the end of its headers
REQUEST_BODY_S_MAX = 30.0  # silence between two pieces of a request body
REQUEST_BODY_WHOLE_S_MAX = 120.0
MESSAGES_MAX = 2_048
STOP_SEQUENCES_MAX = 4
PICTURES_SEEN_MAX = 50  # in one question
PICTURE_SIDE_PIXELS_MAX = 8_000
CHOICES_MAX = 8  # answers to one question at once
TOP_LOGPROBS_MAX = 20  # words beside each word that was written
OUTPUT_TOKENS_MAX = 1_000_000  # nobody may ask for more, whatever the model allows
NAME_CHARACTERS_MAX = 120
AMOUNT_CHARACTERS_MAX = 40
DATE_CHARACTERS_MAX = 40
NOTE_CHARACTERS_MAX = 200
ADDRESS_CHARACTERS_MAX = 400
REGISTRATION_CHARACTERS_MAX = 40  # of a business, for its taxes
COUNT_MAX = 10**12  # of anything people count
DAYS_MAX = 3_660
IDEMPOTENCY_KEY_CHARACTERS_MAX = 255
REPEAT_BYTES_MAX = 8 * MIB  # of one answer that is told again under its idempotency key; longer ones are asked anew
REPEAT_STORED_BYTES_MAX = 1 * MIB  # of one on the books, for other processes; longer ones are not told there
REPEATS_BYTES_MAX = 64 * MIB  # of all of them in one process; then the oldest are forgotten
REPEAT_GRACE_S = 30.0  # how long such an answer goes on when nobody listens, who may come back with the key
CURSOR_CHARACTERS_MAX = 200
QUERY_MEMBERS_MAX = 50
PAGE_ROWS_MAX = 200  # of a list, at once
LIST_FILE_ROWS_MAX = 100_000  # of a list as a file for a spreadsheet
PAGE_ROWS = 50  # when nobody says how many
REPORT_CUSTOMERS_MAX = 1_000  # in one profit and loss, of all there are
STANDING_CUSTOMERS_MAX = 20_000  # of one plan, in the picture of where they stand
PREVIEW_CUSTOMERS_MAX = 200  # whose answers of a month are replayed while a plan is edited
PREVIEW_ANSWERS_MAX = 20_000
PREVIEW_WAIT_S = 2.0  # for the replay of another; then the fees are told alone
PREVIEW_KEPT_MAX = 4  # plans whose last month is kept as it was replayed, for the hour
REPORT_CUSTOMERS = 100  # when nobody says how many
CONNECTIONS_MAX = 12_000

# Who may sign in
EMAIL_CHARACTERS_MAX = 254
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200
SIGN_IN_FAILURES_MAX = 8  # with one address, from one network or one known browser, in SIGN_IN_WAIT_S
SIGN_IN_FAILURES_ANYWHERE = 30  # with one address, from anywhere unknown, before each further one is waited for
SIGN_IN_BACK_OFF_S_MAX = 60  # the longest such wait
KNOWN_BROWSERS_MAX = 20  # of one person
PROVIDER_ANSWER_S_MAX = 10.0  # of an identity provider, each
PROVIDER_ANSWER_BYTES_MAX = 256 * KIB
LETTERS_MAX = 3  # asked for one address from one network, in SIGN_IN_WAIT_S
LETTERS_ANYWHERE_MAX = 10  # for one address
LETTERS_PLACE_MAX = 60  # from one place
NEWS_A_DAY_MAX = 20  # that one person is told of how they sign in, though they did not ask
NEWS_OF_SPENDING_A_DAY_MAX = 4  # that one person is told of how far a limit is used
NEWS_STALE_S = 86_400  # after which what was never tried is not sent any more, such as before there was a mail server
NEWS_AT_ONCE = 8  # that one process hands to the mail server
NEWS_S = 1.0  # how long one waits at most to be handed over
NEWS_TRY_S = 600  # before it is sent again, where nobody knows that it was; then twice as long each time
NEWS_TRIES_MAX = 7  # in half a day
NEWS_DAYS = 62  # for which it is known that something was told
LETTERS_WAITING_MAX = 500  # that are not sent yet
SIGN_IN_PLACE_FAILURES_MAX = 60  # from one place
SIGN_INS_BEGUN_MAX = 60  # by passkeys and providers in one known browser, or from one place, in vain, in SIGN_IN_WAIT_S
SIGN_IN_WAIT_S = 900
PASSKEYS_MAX = 20  # of one person
COUPON_FAILURES_MAX = 10  # codes that one customer tries in vain, in SIGN_IN_WAIT_S
COUPON_PLACE_FAILURES_MAX = 60  # from one place
SIGN_UPS_MAX = 20  # from one place, in SIGN_IN_WAIT_S
PAGE_FORM_BYTES_MAX = 256 * KIB
PAGE_FORM_MEMBERS_MAX = 2_500  # a plan with as many quotas, packs and limits as it may have
FORM_MARK_CHARACTERS_MAX = 64
USAGE_ROWS_MAX = 100_000  # receipts in one table of a customer's usage

# Conversations of people
QUESTION_CHARACTERS_MAX = 100_000  # with the texts that come with it
QUESTION_BYTES_MAX = 4 * MIB  # as a page sends it: its pictures are a third longer there
TALK_PICTURES_MAX = 4  # with one question
TALK_PICTURES_BYTES_MAX = 2 * MIB  # of one question, and of all that a model is shown of a conversation
DOCUMENT_BYTES_MAX = 20 * MIB  # of a file that is read for its text
DOCUMENT_PAGES_MAX = 300  # of one that are read
DOCUMENT_CHARACTERS_MAX = 80_000  # of its text that are kept
DOCUMENT_MEMORY_BYTES_MAX = 768 * MIB  # of the process that reads one
DOCUMENT_CPU_S_MAX = 20  # that it may work
DOCUMENT_S_MAX = 40.0  # that it may take
DOCUMENTS_READ_AT_ONCE = 2  # by one process of the service
DOCUMENTS_WAIT_S = 20.0  # that another waits for its turn
DOCUMENTS_MAX = 8  # with one question
CONTEXT_DOCUMENTS_CHARACTERS_MAX = QUESTION_CHARACTERS_MAX  # of the documents of a conversation that a model reads
CONTEXT_CHARACTERS_MAX = 60_000  # of a conversation that a model reads, beside its documents
CONTEXT_TURNS_MAX = 40
CONVERSATION_TITLE_CHARACTERS_MAX = 120
CONVERSATION_TURNS_MAX = 1_000
CONVERSATIONS_MAX = 10_000  # of one person
CONVERSATIONS_LISTED = 60  # at once
CONVERSATIONS_FORGOTTEN = 500  # deleted for good in one transaction
CONVERSATION_UNDO_S = 3_600  # how long one that was deleted can be had back

PICTURES_MAX = 10  # in one answer
FORM_BYTES_MAX = 32 * MIB  # of a question that is a form with files in it
FORM_S_MAX = 300.0  # until such a form is whole
FORM_TEXT_BYTES_MAX = 256 * KIB  # of its fields that are no files
QUESTION_FILES_MAX = 17  # that come with one question: 16 pictures and a mask
RECORDING_BYTES_A_SECOND_MIN = 500  # of what is no WAV: 4 kbit a second; what lasts longer for its size is not held for
RECORDING_TOKENS_A_SECOND_MAX = 32  # that a model hears it in
SPEECH_CHARACTERS_MAX = 32_768  # of a text that is spoken, and how it is to be
RANKED_AT_ONCE_MAX = 1_000  # documents in one question
MODERATED_AT_ONCE_MAX = 100  # texts in one question
EMBEDDED_AT_ONCE_MAX = 2_048  # texts in one question

# Videos
VIDEO_SECONDS = (4, 8, 12)  # that one may last, unless its model says otherwise; the first where nothing is asked
VIDEO_SECONDS_MAX = 600  # that a model may say
VIDEO_PROMPT_CHARACTERS_MAX = 32_000
VIDEO_REFERENCE_BYTES_MAX = 16 * MIB  # of the picture that one begins with
VIDEO_BYTES_MAX = 1024 * MIB  # of one that is fetched
VIDEO_S_MAX = 7_200  # that one may be in the making; then it has failed, and its hold ends
VIDEO_BEGIN_S_MAX = 300.0  # for an upstream to take one
VIDEO_LOOK_S_MAX = 30.0  # for an upstream to tell how far one is
VIDEO_LOOKS_S = (2, 30)  # between two looks at one, at first and at last
VIDEO_LOOK_S_MIN = 1  # between two looks that its customer asks for
VIDEO_MISSES_MAX = 5  # in a row an upstream may say that it knows none of the name
VIDEOS_TENDED_S = 1.0  # how long a look that is due waits at most
VIDEOS_AT_ONCE = 64  # that one process looks at
VIDEOS_UNFINISHED_MAX = 100  # of one customer
VIDEO_DAYS = 30  # that what is known of one is kept
VIDEOS_FORGOTTEN_AT_ONCE = 500  # in one transaction: answers wait for it

# Responses that are kept
CONVERSATION_BYTES_MAX = 4 * MIB  # of all the responses that a question goes on from
CONVERSATION_RESPONSES_MAX = 512
RESPONSES_FORGOTTEN_AT_ONCE = 500  # in one transaction: answers wait for it

# Files and batches of customers
FILE_BYTES_MAX = 100 * MIB
FILE_PIECE_BYTES = 512 * KIB  # in one row and one transaction; never make it less: older files have pieces of this
FILES_MAX = 1_000  # of one customer
FILES_BYTES_MAX = 1024 * MIB  # of all files of one customer
FILES_ARRIVING_MAX = 8  # of one customer, at once
FILE_ARRIVES_S_MAX = 3_600  # an upload that is not whole by then was cut off
FILE_UPLOAD_S_MAX = 900.0
FILE_DAYS = 30  # that a file is kept when nobody says how long
FILE_S_MIN = 3_600  # the shortest that may be said
FILE_NAME_CHARACTERS_MAX = 200
FORM_PARTS_MAX = 40
FORM_FIELD_BYTES_MAX = 8 * KIB
FILES_DROPPED_AT_ONCE = 100  # in one transaction: answers wait for it
FILE_PIECES_AT_ONCE = 32
BATCH_LINES_MAX = 50_000
BATCH_LINE_BYTES_MAX = REQUEST_BODY_BYTES_MAX
BATCH_LINES_AT_ONCE = 500  # checked, or written into a file, in one transaction: answers wait for it
BATCH_LINES_TAKEN = 16  # noted at once before they are asked, and as many bytes of them as of one line
BATCH_RESULTS_AT_ONCE = 16  # of which each may be as large as an answer
BATCH_FAULTS_MAX = 20  # that are told of one file
BATCH_S_MAX = 86_400  # the window of every batch
BATCHES_UNFINISHED_MAX = 100  # of one customer
BATCHES_AT_ONCE = 64  # that one process runs; what waits takes no time of those that do not
BATCHES_TENDED_S = 0.5  # how long a batch waits at most for its beginning, where there is room for it
BATCH_TRIES_MAX = 8  # of one line, where the model fails
BATCH_PAUSE_S_MAX = 60  # between two tries, unless more is asked for
CUSTOM_ID_CHARACTERS_MAX = 256
METADATA_MEMBERS_MAX = 16
METADATA_NAME_CHARACTERS_MAX = 64
METADATA_VALUE_CHARACTERS_MAX = 512

TAIL_SEEN_MAX = 1_000  # answers that `solvent tail` remembers, so as to show none twice

# The request log
LOG_CHARACTERS_MAX = 32_000  # of the texts of a question, and of those of its answer: longer ones are cut
LOG_TEXT_CHARACTERS_MIN = 64  # to which no text is cut, however many there are
LOG_SIDE_BYTES_MAX = 256 * KIB  # of a question, or of an answer, as it is written; what is larger is left out whole
LOG_DAYS_MAX = 365
LOG_WAITING_MAX = 1_000  # answers that wait to be written, and as many bytes of them; more are dropped and counted
LOG_WAITING_BYTES_MAX = 64 * MIB
LOG_WRITTEN_AT_ONCE = 16  # in one transaction: answers wait for it
LOG_FORGOTTEN_AT_ONCE = 200  # likewise

# Guards
GUARD_WORDS_MAX = 10_000  # and patterns, in one block list
GUARD_PATTERN_CHARACTERS_MAX = 1_000

# What an upstream may send
UPSTREAM_HEAD_BYTES_MAX = 64 * KIB
UPSTREAM_BODY_BYTES_MAX = 32 * MIB
UPSTREAM_EVENT_BYTES_MAX = 4 * MIB
UPSTREAM_CONNECT_S_MAX = 10.0
UPSTREAM_FIRST_BYTE_S_MAX = 300.0
UPSTREAM_SILENCE_S_MAX = 120.0  # between two pieces of one answer
UPSTREAM_CONNECTIONS_MAX = 8_192  # to one provider: as many answers are under way there at once
UPSTREAM_TURN_S_MAX = 2.0  # a question waits at most, where all our keys are asked as fast as they may be
UPSTREAM_TURN_STEP_S = 0.05
UPSTREAM_BUSY_S = 5  # a provider that limits us and says nothing more is asked again after so long
UPSTREAM_BUSY_S_MAX = 3_600  # what it may say at most
UPSTREAM_IDLE_S_MAX = 50.0  # an idle kept-alive connection older than this is not used again
UPSTREAM_BUFFER_BYTES = 256 * KIB  # unread bytes of one answer before we stop reading its socket
DRAIN_BYTES_MAX = 8 * MIB  # after the client left, to reach the usage event, unless a model says otherwise
DRAIN_S_MAX = 60.0

# Money
TOKENS_MAX = 10_000_000_000  # in one bucket of one answer; more is refused as nonsense
HEARD_S_MAX = 10**6  # of sound, in one answer; more is refused as nonsense
WEB_SEARCHES_MAX = 1_000  # by the provider, in one answer; more is refused as nonsense
GRAINS_MAX = 2**63 - 1  # one 64-bit column
PRICE_LIST_BYTES_MAX = 64 * MIB  # of somebody else's list of prices
CARD_FILE_BYTES_MAX = 16 * MIB
LINES_KEPT_MAX = 8_192  # of price cards, each for some buckets that are used together; then all are worked out anew

# Bills of providers
BILL_BYTES_MAX = 48 * MIB  # of one file, unpacked
BILL_SENT_CHARACTERS_MAX = 64 * MIB  # of one, as base64
BILL_UPLOAD_BYTES_MAX = 16 * MIB  # of one that a page sends; larger ones come by the command line
BILL_BODY_BYTES_MAX = 22 * MIB  # of what the API is sent, with such a one as base64 in it
BILL_ROWS_MAX = 1_000_000
BILL_COLUMNS_MAX = 1_000
BILL_LINES_MAX = 50_000  # days times classes times names
BILL_FAULTS_MAX = 100  # that are looked for in one
BILL_DAYS_MAX = 400  # of one
BILL_ALIASES_MAX = 500
BILL_ALIASES_CHARACTERS_MAX = 20_000
BILL_COLUMNS_CHARACTERS_MAX = 2_000
BILL_AMOUNT_CHARACTERS_MAX = 60
BILL_NAME_CHARACTERS_MAX = 200
BILL_RESIDUAL_ROWS_MAX = 2_000  # of a table on a page; the file has all
CORRECTIONS_AT_ONCE = 500  # answers re-rated in one transaction
INVOICE_LINES_MAX = 1_000

# Time
ANSWER_S_MAX = 1_800.0  # one whole answer
BOOKED_S_MAX = VIDEO_S_MAX + 3_600  # from when an answer is asked for until its receipt is on the books
JOURNAL_SLACK_S = 86_400  # between what a row of an answer says of its time, and when it was written
HOLD_S_MAX = 2_400  # a hold nobody resolved by then is voided; longer than any answer
SHUTDOWN_S_MAX = 30.0  # for answers under way when the process is told to stop
SWEEP_S = 60.0
RENEW_S = 5.0  # how long a period that is due waits at most for its renewal

# Workers: processes of one service on one machine
WORKERS_MAX = 64
WORKER_S_MIN = 10.0  # one that ended sooner than this after its start is started again later each time
WORKER_PAUSE_S = 0.5  # before the first such start
WORKER_PAUSE_S_MAX = 30.0
WORKER_STARTS_MAX = 5  # in vain, one after the other; when none is left that serves, the service gives up
WORKER_STOP_S_MAX = 120.0  # for all of them to end, before they are killed
PEER_S_MAX = 1.0  # for another worker to tell what it counted
PEER_BYTES_MAX = 16 * MIB
LOOK_BESIDE_S = 1.0  # how often a live page that is watched looks for what others have answered

SPANS_AWAITED_MAX = 20_000  # questions under way that belong to somebody's trace
TRACESTATE_CHARACTERS_MAX = 512  # passed on; W3C's Trace Context wants so many to pass, and lets longer ones go
TELEMETRY_S_MAX = 5.0  # for a collector to take what it is sent
RELOAD_GRACE_S = 10.0  # after other settings are in force, before what only the former ones used is closed

# Leases: slices of a customer's money that a process may promise without asking the database
LEASE_TENDED_S = 0.5  # how often a process looks whether another wants some back
LEASE_IDLE_S = 5.0  # a lease nobody used for so long is given back
FAILING_TOLD_MAX = 500  # upstreams that one process says are failing
LEASE_CALL_IN_STEPS = 60  # how often to look whether others have given back theirs
LEASE_CALL_IN_STEP_S = 0.05
LEASE_QUESTIONS = 32  # how many questions like the one at hand the first lease is enough for

SLOW_LANE_S = 3.0  # what an answer waits first, on a plan that slows down at break-even

# Books
COMMIT_ENTRIES_MAX = 4_000  # answers in one group commit
FOLD_ANSWERS = 128  # that a process books before the roll-ups of margins take them in
SUMMED_ANSWERS = 64  # that a process books before it adds them to its own sums, where nobody looks at these before
EXPORT_ROWS_AT_ONCE = 5_000
RECEIPTS_LOOKED_AT_MAX = 200_000  # for one page, where an index knows what is looked for
RECEIPTS_READ_MAX = 10_000  # for one page, where it does not
CLOSE_BY_ITSELF_DAYS = 40  # after the last row, a person closes months: a clock that is so far ahead may be wrong
CLOSE_S = 300.0  # how long a month that may be closed waits at most for that
MONTH_CLOSE_GRACE_S = 600  # after its end, before a month is closed: for clocks that differ
COMMIT_QUEUE_MAX = 200_000  # entries waiting; past it new answers are refused as overloaded

# Payments
PAYMENT_ANSWER_S_MAX = 60.0  # for a processor to answer: a bank may think for long
PAYMENT_ANSWER_BYTES_MAX = 4 * MIB
PAYMENT_CONNECTIONS_MAX = 16  # to one processor
PAYMENT_RETRIES_MAX = 1  # at once, with the same idempotency key, after a failure of the network
PAYMENT_KEY_S_MAX = 82_800  # processors keep idempotency keys for a day: a charge is asked again for 23 hours
WEBHOOK_BYTES_MAX = 512 * KIB
WEBHOOK_AGE_S_MAX = 300  # of a signature, and as much into the future
WEBHOOKS_AN_ORDER_MAX = 100  # kept; what comes unsigned can be anybody's
CHECKOUT_S_MAX = 82_800  # a checkout can be paid for 23 hours
TRANSFER_S_MAX = 14 * 86_400  # a bank transfer is waited for
METHOD_FORGET_LOOKS_MAX = 200  # a processor is asked so often to forget a removed card: for about eight days
RETURN_BYTES_MAX = 4 * KIB  # of what a customer's browser brings back from a processor
PAYMENTS_RESUMED_MAX = 200  # orders, events and refunds looked at in one sweep
PAYMENT_WAIT_S_MAX = 3_600  # the longest pause between two looks at an order that is not settled

# Plans
PLAN_LIST_MAX = 64  # quotas, limits, packs or classes in one plan
PLAN_UNITS_MAX = 100_000_000  # whole units of money in any amount of a plan or coupon
BUDGET_MAX = 10**17  # pieces or grains in one budget: the same in dollars
SPENDING_TOLD_AT_ONCE = 500  # limits of customers that are looked at in one go
SEATS_MAX = 100_000  # of one customer
INVOICE_DUE_DAYS = 14  # to pay an invoice that is sent
NOTICE_DAYS_MIN = 30  # before other terms hold for those who are on older ones
WAITING_DAYS_MAX = 30  # for the first payment of a subscription
RENEWALS_AT_ONCE = 200  # in one transaction: answers wait for it
ACCRUE_S = 60.0  # how long a new day waits at most for what plans earn on it
AVAILABILITY_S = 60.0  # how long an hour of an engine that is over waits at most to be booked
ACCRUALS_AT_ONCE = 200  # days of schedules in one transaction: answers wait for it

# Traces
TRACE_BLOCK_ROWS = 1 << 20  # answers at a time: about 100 MB of columns
CANDIDATES_MAX = 50  # scenarios in one file
SPREAD_HANDS_MAX = 256  # processes of one machine that a simulation is spread over
SPREAD_TRIES = 3  # of a job whose process died
DRAWS_AT_ONCE = 50  # years drawn in one job
DRAWS_MAX = 100_000  # years drawn in one run
USES_AT_ONCE = 20_000  # answers of the journal in one read: some 20 MB
TRACE_ROWS_MAX = 1_000_000_000  # answers of one trace
TRACE_CUSTOMERS_MAX = 10_000_000  # of one trace: a kilobyte or so for each
SEED_MAX = 2**63 - 1  # of simulated luck
YEAR_MIN = 1970  # of the days that a report is asked for
YEAR_MAX = 9000  # far from the calendar's end, whatever the zone
TRACE_AT_US_MAX = 7_258_118_400_000_000  # when an answer was asked: before 2200-01-01
TRACE_TOKENS_MAX = 1_000_000_000  # of one answer in one bucket: a thousand times the longest context there is
ENGINE_LOG_ROWS_MAX = 5_000_000  # answers of one engine log: they are held in memory, half a kilobyte each
TRACE_FILE_BYTES_MAX = 64 * 1024 * MIB  # of one file once unpacked
TRACE_UNPACKED_TIMES_MAX = 200  # as large as the packed file: text packs 20 times at most, a bomb a thousand times
TRACE_HEAD_BYTES_MAX = 64 * KIB  # the first line of a CSV file, with the names of its columns
TRACE_KEYS_ROWS = 1000  # the first lines of a JSON file, whose members are its columns
PREFIX_CACHE_TOKENS = 25_600_000  # 50,000 blocks of 512, the middle of what the Mooncake paper tries (table 1)
PREFIX_CACHE_TOKENS_MAX = 10**12
GENERATED_CUSTOMERS_MAX = 1_000_000  # of generated traffic: some hundred bytes each
GENERATED_DAYS_MAX = 3_660
TRAFFIC_FILE_BYTES_MAX = 1 * MIB  # the numbers that traffic is generated with
RHYTHM_CUSTOMERS_MAX = 20_000  # whose hours a fit looks at: a kilobyte each
FIT_CUSTOMERS_LEAST = 50  # a fit of fewer says nothing
FIT_CUSTOMERS_ENOUGH = 1_000  # below, tails cannot be seen: shared/facts/ECONOMICS.md, section 2.2
POOL_WINDOWS_MAX = 10_000_000  # rows of a pool of clients: ten minutes of one each
POOL_RATE_MAX = 1_000_000  # answers a second of one client
POOL_ANSWERS = 1_000_000  # drawn from a pool whose clients asked more
PREFIX_ROWS_AT_ONCE = 10_000  # prompts whose blocks are in memory

# Tariffs
TARIFF_CUSTOMERS_MAX = 200_000  # of one draw: as many as a search can look at again and again
TARIFF_SEEDS_MAX = 1_000  # draws that judge
TARIFF_DRAWN_MAX = 20_000_000  # customers of all draws together, which are kept: half a gigabyte
TARIFF_COSTS_MAX = 20  # costs of an answer in one contest

# Kept runs of the simulator
RUN_NAME_CHARACTERS_MAX = 60
RUNS_COMPARED_MIN = 2  # side by side on one page
RUNS_COMPARED_MAX = 4
RUNS_NAMED_MAX = 200  # kept until somebody removes them
RUNS_DATED_MAX = 50  # kept by themselves; the oldest makes room
RUN_BYTES_MAX = 2 * MIB  # of one run's numbers and report, packed: usually some 20 kB
RUN_UNPACKED_BYTES_MAX = 32 * MIB  # of either, as it was

# Runs of the simulator that a page asks for
ASKED_RUN_BYTES_MAX = 4 * 1024 * MIB  # of memory, all that it may fill
ASKED_RUN_S_MAX = 3_600  # then it is stopped
ASKED_RUN_TENDED_S = 1.0  # how long it waits at most for its beginning, and how often it tells how far it is
ASKED_RUN_STOP_S = 3.0  # between asking it to end and ending it
ASKED_RUN_SAID_CHARACTERS_MAX = 2_000  # of the words that it ends with
ASKED_RUNS_KEPT_MAX = 20  # that have ended, and say how
ASKED_FILE_BYTES_MAX = 8 * MIB  # of traffic; larger files by the command line
ASKED_FILE_SENT_CHARACTERS_MAX = 11 * MIB  # the same as base64
ASKED_BODY_BYTES_MAX = 12 * MIB  # of what asks for a run, with that in it
ASKED_TEXT_CHARACTERS_MAX = 64 * KIB  # of plans or scenarios that are written into a form
ASKED_WORDS_MAX = 60  # of plans, shares, assumptions or costs

# Sizing
MODEL_CONFIG_BYTES_MAX = 1 * MIB  # a config.json; the largest known have some 50 kB
GGUF_HEADER_BYTES_MAX = 64 * MIB  # read of a GGUF file: its header holds a vocabulary
MEASURED_FILE_BYTES_MAX = 16 * MIB
COMPARED_MAX = 1_000  # combinations in one table: models x hardware x counts x precisions x batches, and API prices
PROBE_ANSWER_S_MAX = 600.0  # for one answer of a server that is probed: small machines are slow
PROBE_ANSWER_BYTES_MAX = 16 * MIB
