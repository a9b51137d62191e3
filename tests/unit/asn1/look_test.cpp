// Tables of contents: what they may say of an OCTET STRING.
#include <kerb/asn1/describe.hpp>
#include <kerb/asn1/look.hpp>

#include "unit/asn1/shown.hpp"
#include "unit/asn1/small.hpp"

using namespace kerb;
using asn1::content;
using kerb_test::shown;

namespace {

struct Key {
  bytes_view octets;
  static consteval auto asn1() {
    using T = Key;
    using namespace kerb::asn1;
    return sequence("Key", redacted(tag<0>("octets", &T::octets)));
  }
};
struct Holder {
  std::int32_t kind = 0;
  bytes_view data;
  static consteval auto asn1() {
    using T = Holder;
    using namespace kerb::asn1;
    return sequence("Holder", tag<0>("kind", &T::kind), tag<1>("data", &T::data));
  }
};

/// 1: a Holder; 2: text; 3: a number, its first octet the lowest; 4: a Key; 5: a sealed Holder; 6: a Key or a Holder,
/// whichever it is; 7: a Holder behind two octets.
struct table {
  bool within = false;
  template <class Look>
  constexpr void content(const Holder& h, std::string_view field, Look& look) const {
    if (field != "data") return;
    switch (h.kind) {
      case 1: return look.template as<Holder>("Inner", {true});
      case 2: return look.is(asn1::content::text);
      case 3: return look.number(true);
      case 4: return look.template as<Key>();
      case 5: return look.template sealed<Holder>("Sealed", 18, {2, 3}, {true});
      case 6: return look.template perhaps<Key>("Key"), look.template as<Holder>();
      case 7: return look.template as<Holder>("Inner", {}, 2);
      default: return;
    }
  }
  constexpr std::string_view name(const Holder& h, std::string_view field) const {
    return field == "kind" && h.kind == 2 ? (within ? "inner text" : "text") : "";
  }
};

constexpr shown see(bytes_view in) {
  shown all;
  all.fault = asn1::describe<Holder>(in, all, der::strict, table{});
  return all;
}
template <detail::literal L>
constexpr auto hex = kerb::literals::operator""_hex<L>();

constexpr bool nested() {
  const auto all = see(hex<"3015 a003020101 a10e040c 300a a003020102 a1030401 41">);
  return all.fault.ok() && all.size == 6 && all[2].holds == content::nested && all[2].contents == 0 &&
         all[3].depth == 2 && all[3].type == "Holder" && all[3].offset == 11 && all[4].number == 2 &&
         all[4].name == "inner text" && all[5].holds == content::text && all[5].offset == 18 && all[5].contents == 1;
}
KERB_BOTH("look: what is in an OCTET STRING is described below it, with offsets from the outermost octet", "[asn1]",
          nested);

constexpr bool not_as_expected() {
  const auto all = see(hex<"3015 a003020101 a10e040c 300a a003020102 a1030501 41">);
  return all.fault.ok() && all.size == 3 && all[2].holds == content::octets && all[2].contents == 12 &&
         all[2].note.code == errc::unexpected_tag && all[2].note.offset == 20 &&
         std::string_view(all[2].note.field) == "data";
}
KERB_BOTH("look: what is not as expected is shown as octets, with a note, and no fault of the message", "[asn1]",
          not_as_expected);

constexpr bool secrets() {
  const auto good = see(hex<"3011 a003020104 a10a0408 3006 a004 0402 beef">);
  const auto bad = see(hex<"3011 a003020104 a10a0408 3006 a004 0502 beef">);
  return good.size == 5 && good[2].holds == content::nested && good[2].contents == 0 &&
         good[4].holds == content::withheld && good[4].contents == 0 && good[4].octets == 2 && bad.size == 3 &&
         bad[2].holds == content::withheld && bad[2].contents == 0 && bad[2].note.code == errc::unexpected_tag;
}
KERB_BOTH("look: where a secret should be nested nothing is shown", "[asn1]", secrets);

constexpr bool whichever() {
  const auto all = see(hex<"3014 a003020106 a10d040b 3009 a003020101 a1020400">);
  return all.fault.ok() && all.size == 6 && all[3].type == "Holder" && all[2].note.ok();
}
KERB_BOTH("look: the first that fits is taken", "[asn1]", whichever);

constexpr bool other_contents() {
  const auto text = see(hex<"300b a003020102 a1040402 4142">);
  const auto number = see(hex<"300b a003020103 a1040402 0201">);
  const auto empty = see(hex<"3009 a003020101 a1020400">);
  const auto unknown = see(hex<"300b a003020108 a1040402 0201">);
  const auto behind = see(hex<"3016 a003020107 a10f040d ffff 3009 a003020101 a1020400">);
  return text[2].holds == content::text && text[1].name == "text" && number[2].holds == content::number &&
         number[2].number == 0x0102 && empty[2].holds == content::octets && empty[2].note.ok() &&
         unknown[2].holds == content::octets && behind.size == 6 && behind[3].offset == 13;
}
KERB_BOTH("look: text, numbers without a header, nothing, and what nobody knows", "[asn1]", other_contents);

struct opener : shown {
  bytes_view plain;
  std::int32_t etype = 0, last_usage = 0;
  constexpr bytes_view unseal(const asn1::node&, const asn1::seal& s) {
    etype = s.etype;
    last_usage = s.usages[s.usages.size() - 1];
    return plain;
  }
};

constexpr bool sealed() {
  const auto in = hex<"300b a003020105 a1040402 beef">;
  const auto whole = hex<"300b a003020102 a1040402 4142">, broken = hex<"300b a003020102 a1040502 4142">;
  opener shut, open, half;
  open.plain = bytes_view(whole);
  half.plain = bytes_view(broken);
  shut.fault = asn1::describe<Holder>(in, shut, der::strict, table{});
  open.fault = asn1::describe<Holder>(in, open, der::strict, table{});
  half.fault = asn1::describe<Holder>(in, half, der::strict, table{});
  return shut.fault.ok() && shut.size == 3 && shut[2].holds == content::sealed && shut.etype == 18 &&
         shut.last_usage == 3 && open.fault.ok() && open.size == 6 && open[3].offset == 0 && open[4].depth == 3 &&
         open[4].name == "inner text" && open[2].note.ok() && half.fault.ok() && half.size == 5 &&
         half[2].note.code == errc::unexpected_tag && half[2].note.offset == 9;
}
KERB_BOTH("look: a plaintext is described below what sealed it, from its own offset 0, up to its first fault", "[asn1]",
          sealed);

constexpr bool bounded() {
  // Holders in Holders, one deeper than is followed
  std::array<std::uint8_t, 400> buffer{};
  std::size_t size = 0;
  for (unsigned i = 0; i != asn1::max_nesting + 2; ++i) {
    Holder h{1, bytes_view(buffer).last(size)};
    std::array<std::uint8_t, 400> next{};
    size = kerb_test::must(asn1::encode(h, next)).size();
    buffer = next;
  }
  std::uint32_t deepest = 0;
  error note;
  const error fault = asn1::describe<Holder>(
      bytes_view(buffer).last(size),
      [&](const asn1::node& n) {
        deepest = n.depth > deepest ? n.depth : deepest;
        if (!n.note.ok()) note = n.note;
      },
      der::strict, table{});
  return fault.ok() && deepest == 2 * asn1::max_nesting + 1 && note.code == errc::no_space;
}
KERB_BOTH("look: encodings in encodings are followed to a fixed depth", "[asn1]", bounded);

}  // namespace
