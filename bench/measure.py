"""One run on the database that the environment names; prints what it found as one line of JSON.

Its one argument is the sizes as JSON; __main__ has them and sets the environment.
"""

import json
import sys

from bench import cycles, opening
from bench.city import build_city
from bench.plain import plain


def main() -> None:
    sizes = json.loads(sys.argv[1])
    connection = plain()
    city = build_city(sizes["departments"])
    found = {
        "version": connection.version,
        "cycles": cycles.measure(connection, city, rounds=sizes["cycle_rounds"])._asdict(),
        "openings": opening.measure(
            connection, city, reviews=sizes["reviews"], rounds=sizes["opening_rounds"]
        )._asdict(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
