"""Writes many changed versions of a source file into one, of which a program chooses one when it runs.

A change replaces some octets of a file by others. Where both versions are whole statements, the file gets
    if (kerb_mutant::is(17)) { changed } else { original }
so that one compilation serves all changes. Constant expressions always take the original.
"""
import bisect
import dataclasses
import re

HEADER = """// Which of the changes in this copy of the library is switched on: the number in the environment variable KERB_MUTANT.
#pragma once
#include <cstdlib>
#include <type_traits>
namespace kerb_mutant {
inline int chosen() {
  static const int n = std::getenv("KERB_MUTANT") ? std::atoi(std::getenv("KERB_MUTANT")) : 0;
  return n;
}
inline unsigned char met[65536];  // which changes have been reached
inline bool reached(int n) {
  met[n] = 1;
  return chosen() == n;
}
constexpr bool is(int n) {
  if (std::is_constant_evaluated()) return false;
  return reached(n);
}
}  // namespace kerb_mutant
"""

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/|\#[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\d[\w.']*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>::|->|<=>|<<=|>>=|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|.)
""", re.X | re.S)


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    at: int

    @property
    def end(self):
        return self.at + len(self.text)


def tokens_of(text):
    return [Token(m.lastgroup, m[0], m.start()) for m in TOKEN.finditer(text) if m.lastgroup != "space"]


class Source:
    """A file as tokens, with the partner of each bracket, and which braces hold statements."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.starts = [t.at for t in self.tokens]
        self.partner, self.parent = {}, []
        stack = []
        for i, t in enumerate(self.tokens):
            if t.kind == "sign" and t.text in ")}]" and stack:
                j = stack.pop()
                self.partner[i], self.partner[j] = j, i
            self.parent.append(stack[-1] if stack else None)
            if t.kind == "sign" and t.text in "({[":
                stack.append(i)
        self.balanced = not stack

    def is_block(self, i):
        """Whether the brace at token i begins a function's, lambda's or statement's body."""
        if self.tokens[i].text != "{" or i == 0:
            return False
        before = self.tokens[i - 1].text
        if before in (")", "else", "do", "const", "noexcept", "mutable", ";", "{", "}", ":", "&", "&&", "KERB_LIFETIMEBOUND"):
            return not self.names_a_scope(i)
        if before == "]":  # a lambda without parameters
            return True
        j = i - 1  # a return type: -> type {
        while j >= 0 and self.tokens[j].text not in ";{}":
            if self.tokens[j].text in ")]" and j in self.partner and self.tokens[j].text == ")":
                return False
            if self.tokens[j].text == "->":
                return True
            j -= 1
        return False

    def names_a_scope(self, i):
        j = i - 1
        while j >= 0 and self.tokens[j].text not in ";{}":
            j = self.partner[j] - 1 if self.tokens[j].text in ")]" and j in self.partner else j - 1
        words = {t.text for t in self.tokens[j + 1:i]}
        return bool(words & {"struct", "class", "namespace", "union", "enum"}) and "(" not in words

    def block_around(self, first, last):
        """The innermost block that holds the octets from `first` to `last`, as a token number; or None."""
        i = bisect.bisect_right(self.starts, first) - 1
        b = i if i >= 0 and self.tokens[i].text == "{" and self.tokens[i].at < first else (self.parent[i] if i >= 0 else None)
        if i >= 0 and self.tokens[i].text in ")}]" and self.tokens[i].end <= first:
            b = self.parent[i]
        while b is not None:
            if b in self.partner and self.is_block(b) and self.tokens[self.partner[b]].at >= last:
                return b
            b = self.parent[b]
        return None

    def outer_block(self, block):
        b = self.parent[block]
        while b is not None and not (self.is_block(b) and b in self.partner):
            b = self.parent[b]
        return b

    def statements(self, block):
        """(first octet, end, begins with) of each statement in a block."""
        i, end = block + 1, self.partner[block]
        out = []
        while i < end:
            while self.tokens[i].text in ("case", "default"):  # a label stays where it is
                while self.tokens[i].text != ":":
                    i = self.partner[i] + 1 if self.tokens[i].text in "([{" and i in self.partner else i + 1
                i += 1
            if i >= end:
                break
            first, word = i, self.tokens[i].text
            while i < end:
                t = self.tokens[i].text
                if t in ("(", "[", "{") and i in self.partner:
                    block_here = t == "{" and self.is_block(i)
                    i = self.partner[i]
                    following = self.tokens[i + 1].text if i + 1 < end else "}"
                    if block_here and word in ("if", "for", "while", "switch", "{", "else") and following != "else":
                        break
                elif t == ";" and not (word == "if" and i + 1 < end and self.tokens[i + 1].text == "else"):
                    if word != "do" or self.tokens[i - 1].text == ")":
                        break
                i += 1
            last = min(i, end - 1)
            out.append((self.tokens[first].at, self.tokens[last].end, first))
            i += 1
        return out

    def declares(self, first):
        """Whether the statement that begins at token `first` declares something."""
        text = self.tokens[first].text
        if text in ("if", "for", "while", "return", "switch", "{", "(", "++", "--", "*", "break", "continue", "do", "this",
                    "else", ";", "static_assert", "co_return"):
            return False
        if text in ("const", "constexpr", "static", "auto", "struct", "using", "enum", "class", "template", "typename"):
            return True
        i, angle = first, 0
        while i < len(self.tokens):  # type name: a name, perhaps with arguments, then another name
            t = self.tokens[i]
            if angle == 0 and i > first and t.kind == "word" and self.tokens[i - 1].text in ("&", "*", ">") or (
                    angle == 0 and i > first and t.kind == "word" and self.tokens[i - 1].kind == "word"):
                return True
            if t.text == "<":
                angle += 1
            elif t.text == ">":
                angle -= 1
            elif angle == 0 and not (t.kind == "word" or t.text in ("::", "&", "*")):
                return False
            elif t.text in ";{}":
                return False
            i += 1
        return False


@dataclasses.dataclass
class Change:
    number: int
    first: int   # what is replaced, in the original
    last: int
    put: str
    unit: tuple = ()


def unit_of(source, change):
    """The statements that a change is in, as (first octet, end) of the original; None where they cannot be told."""
    old, new = (tokens_of(s) for s in (source.text[change.first:change.last], change.put))
    if not old:
        return None
    same = same_tokens(old, new)  # how many there are at both ends
    for head, tail in ((0, 0), (same[0], 0), same):
        first = change.first + (old[head].at if head < len(old) else old[-1].end)
        last = change.first + max(old[len(old) - 1 - tail].end, first - change.first)
        put = change.put
        if head or tail:
            put = put[new[head].at if head < len(new) else len(put):new[len(new) - 1 - tail].end if tail < len(new) else 0]
        tried = Change(change.number, first, last, put)
        if unit := statements_around(source, tried):
            change.first, change.last, change.put = first, last, put
            return unit
    return None


def same_tokens(old, new):
    a = 0
    while a < min(len(old), len(new)) and old[a].text == new[a].text:
        a += 1
    b = 0
    while b < min(len(old), len(new)) - a and old[-1 - b].text == new[-1 - b].text:
        b += 1
    return a, b


def statements_around(source, change):
    """The fewest whole statements that hold a change before and after it; to the block's end where one declares."""
    block = source.block_around(change.first, change.last)
    while block is not None:
        everything = source.statements(block)
        inside = [s for s in everything if s[1] > change.first and s[0] < max(change.last, change.first + 1)]
        if inside and inside[0][0] <= change.first and change.last <= inside[-1][1]:
            first, last = inside[0][0], inside[-1][1]
            changed = source.text[first:change.first] + change.put + source.text[change.last:last]
            after = Source("{" + changed + "}")
            if after.balanced and after.partner.get(0) == len(after.tokens) - 1:
                declares = any(source.declares(s[2]) for s in inside) or any(
                    after.declares(s[2]) for s in after.statements(0))
                return first, everything[-1][1] if declares else last  # what is declared is used by what follows
        block = source.outer_block(block)
    return None


def grow(source, changes):
    """Makes the units of changes lie inside each other or apart."""
    again = True
    while again:
        again = False
        changes.sort(key=lambda c: (c.unit[0], -c.unit[1]))
        for a, b in ((a, b) for i, a in enumerate(changes) for b in changes[i + 1:]):
            if a.unit[0] < b.unit[0] < a.unit[1] < b.unit[1]:
                a.unit = (a.unit[0], b.unit[1])
                again = True


def render(source, first, last, changes):
    """The octets from `first` to `last` with every change in them."""
    out, at = [], first
    changes = sorted(changes, key=lambda c: (c.unit[0], -c.unit[1]))
    i = 0
    while i < len(changes):
        lo, hi = changes[i].unit
        same = [c for c in changes[i:] if c.unit == (lo, hi)]
        inner = [c for c in changes[i:] if c.unit[0] >= lo and c.unit[1] <= hi and c.unit != (lo, hi)]
        out.append(source.text[at:lo])
        for c in same:
            changed = source.text[lo:c.first] + c.put + source.text[c.last:hi]
            out.append(f"if (::kerb_mutant::is({c.number})) {{\n{changed}\n}} else ")
        out.append("{\n" + render(source, lo, hi, inner) + "\n}")
        at = hi
        i += len(same) + len(inner)
    out.append(source.text[at:last])
    return "".join(out)


def combine(text, changes):
    """(the file with all changes that can be chosen at run time, those that cannot)"""
    source = Source(text)
    good, alone = [], []
    for c in changes:
        c.unit = unit_of(source, c)
        (good if c.unit else alone).append(c)
    if good:
        grow(source, good)
        text = render(source, 0, len(text), good)
        at = text.index("#pragma once") + len("#pragma once")
        text = text[:at] + "\n#include <kerb_mutant.hpp>" + text[at:]
    return text, alone
