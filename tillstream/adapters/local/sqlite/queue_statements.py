"""The statements of the SQLite queue. Times are microseconds since 1970.

A message is ready once `due` has passed; a new one is always due, so that a clock set back does not hide it. While it
is leased, `due` is the end of the lease.
"""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS subscriptions (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, minimum REAL NOT NULL,
        maximum REAL NOT NULL, attempts INTEGER NOT NULL, age REAL NOT NULL, lease REAL NOT NULL)""",
    # AUTOINCREMENT: otherwise an emptied table reuses ids, and a late acknowledgement deletes a new message.
    """CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subscription INTEGER NOT NULL, sequence INTEGER NOT NULL,
        body BLOB NOT NULL, attributes TEXT, since INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0, lease INTEGER, error TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX IF NOT EXISTS messages_due ON messages (subscription, due, lease, since)",
    """CREATE TABLE IF NOT EXISTS dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subscription INTEGER NOT NULL, sequence INTEGER NOT NULL,
        body BLOB NOT NULL, attributes TEXT, died INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL)""",
    # Subscriptions that are removed after so many microseconds without a pull.
    """CREATE TABLE IF NOT EXISTS attached (
        subscription INTEGER PRIMARY KEY, idle INTEGER NOT NULL, pulled INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS dead_letters_of ON dead_letters (subscription, id)",
    # The greatest sequence so far, kept after the messages are deleted: the order of the bus outlives them.
    "CREATE TABLE IF NOT EXISTS sequence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO sequence VALUES (1, 0)",
    # Two sequences far apart, as of a clock that is ahead, or 0.
    """CREATE TABLE IF NOT EXISTS leap (
        one INTEGER PRIMARY KEY CHECK (one = 1), earlier INTEGER NOT NULL, later INTEGER NOT NULL)""",
    "INSERT OR IGNORE INTO leap VALUES (1, 0, 0)",
)

# An id is not used again: a pull that began before its subscription was removed must not lease messages of another one.
SUBSCRIBE = """INSERT INTO subscriptions (id, name, topic, minimum, maximum, attempts, age, lease)
    SELECT max(?, coalesce(max(id), 0) + 1), ?, ?, ?, ?, ?, ?, ? FROM subscriptions
    WHERE true ON CONFLICT (name) DO UPDATE SET minimum = excluded.minimum,
    maximum = excluded.maximum, attempts = excluded.attempts, age = excluded.age, lease = excluded.lease"""

SUBSCRIPTION = "SELECT id, topic, minimum, maximum, attempts, age, lease FROM subscriptions WHERE name = ?"

SUBSCRIPTIONS = "SELECT name, topic FROM subscriptions ORDER BY name"
PULLED = "SELECT pulled FROM attached WHERE subscription = ?"

ATTACH = """INSERT INTO attached (subscription, idle, pulled) SELECT id, ?, ? FROM subscriptions WHERE name = ?
    ON CONFLICT (subscription) DO UPDATE SET idle = excluded.idle, pulled = excluded.pulled"""

NOTE_PULL = "UPDATE attached SET pulled = ? WHERE subscription = ?"

IDLE = "SELECT s.name FROM attached a JOIN subscriptions s ON s.id = a.subscription WHERE a.pulled + a.idle < ?"

DETACH = tuple(
    f"DELETE FROM {table} WHERE {column} = (SELECT id FROM subscriptions WHERE name = ?)"
    for table, column in (
        ("messages", "subscription"),
        ("dead_letters", "subscription"),
        ("attached", "subscription"),
        ("subscriptions", "id"),
    )
)

LISTENERS = "SELECT id FROM subscriptions WHERE topic = ?"

NUMBERS = "SELECT last, earlier, later FROM sequence JOIN leap USING (one)"

SET_SEQUENCE = "UPDATE sequence SET last = ?"

SET_LEAP = "UPDATE leap SET earlier = ?, later = ?"

LAST_SEQUENCE = "SELECT last FROM sequence"

ADVANCE = "UPDATE sequence SET last = max(last, ?)"

ROWS = 200
"""Messages per INSERT statement: each statement has a fixed cost in the interpreter."""
ANY_READY = "SELECT 1 FROM messages WHERE subscription = ? AND due <= ? LIMIT 1"

# Ordered by the index, so that a long queue is not sorted for each pull.
# A lease that still exists when the next one starts was never released.
LEASE = """UPDATE messages SET due = :expires, lease = :lease, attempts = attempts + 1,
        error = CASE WHEN lease IS NULL THEN error ELSE :lost END
    WHERE id IN (SELECT id FROM messages WHERE subscription = :subscription AND due <= :now
        ORDER BY due, lease, since, id LIMIT :limit)
    RETURNING id, sequence, body, attributes, attempts, since"""

ACKNOWLEDGE = "DELETE FROM messages WHERE id = ? AND lease = ? AND due > ?"

EXTEND = "UPDATE messages SET due = ? WHERE id = ? AND lease = ? AND due > ?"

RELEASE = """UPDATE messages SET lease = NULL, due = ?, error = ? WHERE id = ? AND lease = ?
    RETURNING id, attempts, since"""

BURY = """INSERT INTO dead_letters (subscription, sequence, body, attributes, died, attempts, error)
    SELECT subscription, sequence, body, attributes, ?, ?, error FROM messages WHERE id = ?"""

FORGET = "DELETE FROM messages WHERE id = ?"

RESEND = """INSERT INTO messages (subscription, since, sequence, body, attributes)
    SELECT subscription, ?, sequence, body, attributes FROM dead_letters WHERE id = ?"""

QUEUED = """SELECT sequence, body, attributes FROM messages WHERE subscription = :subscription
    UNION ALL SELECT sequence, body, attributes FROM dead_letters WHERE subscription = :subscription"""

ANY = "SELECT 1 FROM messages WHERE subscription = ? LIMIT ?"

UNACKNOWLEDGED = f"""SELECT body, attributes FROM ({QUEUED})
    WHERE json_extract(attributes, '$."' || :attribute || '"') = :value"""

FORGET_SEQUENCE = tuple(
    f"DELETE FROM {table} WHERE subscription = ? AND sequence = ?" for table in ("messages", "dead_letters")
)

FORGET_DEAD = "DELETE FROM dead_letters WHERE id = ?"

DEPTHS = """SELECT s.name, s.topic,
        (SELECT count(*) FROM messages WHERE subscription = s.id AND due <= :now),
        (SELECT count(*) FROM messages WHERE subscription = s.id AND due > :now AND lease IS NOT NULL),
        (SELECT count(*) FROM messages WHERE subscription = s.id AND due > :now AND lease IS NULL),
        (SELECT count(*) FROM dead_letters WHERE subscription = s.id),
        (SELECT min(since) FROM messages WHERE subscription = s.id)
    FROM subscriptions s ORDER BY s.name"""

DEAD_LETTERS = """SELECT d.id, s.name, s.topic, d.body, d.attributes, d.sequence, d.died, d.attempts, d.error
    FROM dead_letters d JOIN subscriptions s ON s.id = d.subscription
    WHERE :subscription IS NULL OR s.name = :subscription ORDER BY d.died DESC, d.id DESC LIMIT :limit"""
