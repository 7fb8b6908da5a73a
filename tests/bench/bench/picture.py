# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what boots cost as an SVG: a bar for each row of the tables of boots.

Rows of one system follow its row "nothing", and each bar says by how much it is later.
"""
import html

# Part of the bench, the key of its rows that names the system, and what the picture calls it.
GROUPS = (
    ("boot", None, "initramfs-tools"),
    ("dracut", "image", "{}"),
    ("processors", "processors", "initramfs-tools, {} processors"),
)
COLUMNS = (("udev ms", "udev begins", 330), ("root ms", "real root begins", 610))
LEFT, BAR, WIDTH, STEP = 314, 150, 900, 21

STYLE = """
	text { font: 12px 'DejaVu Sans', Verdana, sans-serif; fill: #24292f }
	.paper { fill: #f6f8fa; stroke: #d0d7de }
	.strong { font-weight: bold }
	.quiet { fill: #57606a }
	.bar { fill: #afb8c1 } .ours { fill: #2da44e }
	.line { stroke: #24292f }
	@media (prefers-color-scheme: dark) {
		text { fill: #e6edf3 }
		.paper { fill: #161b22; stroke: #30363d }
		.quiet { fill: #9198a1 }
		.bar { fill: #545d68 } .ours { fill: #3fb950 }
		.line { stroke: #e6edf3 }
	}
"""


def groups(results):
    """(title, rows) of each system that has been measured beside nothing."""
    for part, key, title in GROUPS:
        found = {}
        for row in results.get(part) or []:
            found.setdefault(row[key] if key else "", []).append(row)
        for name, rows in found.items():
            if rows[0]["way"] == "nothing" and name != 1:
                yield title.format(name), rows


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">'
            f"{html.escape(words, quote=False)}</text>")


def draw_row(row, nothing, y):
    kind = "ours" if row["way"] == "vgapass" else "bar"
    yield text(LEFT, y + 12, row["way"], "strong" if kind == "ours" else "", "end")
    for key, _, x in COLUMNS:
        # All bars of a system have one scale: the row "nothing" ends at two thirds.
        scale = BAR * 2 / 3 / nothing[key]
        length = min(row[key] * scale, BAR)
        yield f'<rect class="{kind}" x="{x}" y="{y}" width="{length:.1f}" height="14"/>'
        mark = x + BAR * 2 / 3
        yield f'<path class="line" d="M{mark:.1f} {y - 3}v20"/>'
        later = "" if row is nothing else f" ({row[key] - nothing[key]:+,.0f})"
        yield text(x + BAR + 8, y + 12, f"{row[key]:,.0f} ms{later}", "quiet")


def draw(results):
    """None: nothing of it has been measured."""
    body, y = [], 44
    for title, rows in groups(results):
        body.append(text(16, y + 12, title, "strong"))
        y += STEP
        for row in rows:
            body += draw_row(row, rows[0], y)
            y += STEP
        y += 10
    if not body:
        return None
    body += [text(x, 28, words, "strong") for _, words, x in COLUMNS]
    body.append(text(16, y + 10, "Milliseconds from /init on a processor with 10^9 instructions a "
                     "second; in brackets, how much later than with nothing (the mark).", "quiet"))
    height = y + 26
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img">',
        "<!-- made by tests/bench/run -->",
        "<title>What boots cost with vgapass and with other ways</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        *body, "</svg>\n"])
