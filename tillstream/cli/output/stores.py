"""Output of the commands `stores …`."""

from typing import Any

from tillstream.cli.output.tables import print_line, title


def show_stores(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        show_row(row)
    if not rows:
        print_line("No till is connected.")


def show_row(row: dict[str, Any]) -> None:
    till = f" · {row['till']}" if row["till"] else ""
    title(row["id"], f" · {row['kind']} of {row['region']}/{row['store_id']}{till} · {row['state']}")
    last = f", last used {row['last_used'] or 'never'}" if "last_used" in row else ""
    print_line(f"  created {row['created_at']} by {row['created_by']}{last}")
    if row.get("revoked_at"):
        print_line(f"  revoked {row['revoked_at']} by {row['revoked_by']}")
    if "setup_code" in row:
        print_line(f"Setup code, shown only once: {row['setup_code']}")


def show_unsigned(store: dict[str, Any]) -> None:
    print_line(f"{store['region']}/{store['store_id']} accepts unsigned messages again since {store['unsigned_at']}.")


def show_received(received: dict[str, Any]) -> None:
    print_line(f"{received['accepted']} of {received['messages']} messages are accepted.")
    for one in received["refused"]:
        print_line(f"  line {one['line']} {one['id']}: {one['code']}: {one['detail']}")
