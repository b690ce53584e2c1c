"""The product catalogue as files: CSV by category group, one of them in Latin-1, one with bad lines; details in JSON."""

import csv
import json
from pathlib import Path

import pyarrow as pa

BAD_LINES = ("000001,Broken line", '000002,"Too, many","fields",Toys,1,2,3', "000003,No price,Garden,a lot")


def write(folder: Path, products: pa.Table) -> None:
    """Write `products_1.csv` to `products_4.csv` and `details.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = products.to_pylist()
    quarter = -(-len(rows) // 4)
    for number in range(4):
        part = rows[number * quarter : (number + 1) * quarter]
        again = rows[max(0, number * quarter - 3) : number * quarter]  # the last of the file before stand here again
        encoding = "latin-1" if number == 2 else "utf-8"
        with (folder / f"products_{number + 1}.csv").open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["sku", "name", "category", "list_price"])
            writer.writerows([row["sku"], row["name"], row["category"], row["list_price"]] for row in [*again, *part])
            if number == 3:
                file.write("\r\n".join(BAD_LINES) + "\r\n")
    details = [_details(row, number) for number, row in enumerate(rows)]
    (folder / "details.json").write_text(json.dumps(details, ensure_ascii=False), encoding="utf-8")


def _details(row: dict[str, object], number: int) -> dict[str, object]:
    return {
        "sku": row["sku"],
        "weight_g": None if number % 17 == 0 else 100 + (number * 37) % 4000,
        "tags": [str(row["category"]).lower(), "new"] if number % 9 == 0 else [str(row["category"]).lower()],
        "supplier": {"name": f"Supplier {number % 40}", "country": "BR" if number % 3 else "PT"},
    }
