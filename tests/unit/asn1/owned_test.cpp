// A message that outlives the buffer it came in.
#include <kerb/asn1/owned.hpp>
#include <kerb/msg/kdc.hpp>
#include <list>
#include <new>
#include <vector>

#include "support/alloc_count.hpp"
#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::Small;

namespace {

using asn1::captured;
using kerb_test::small_with_b;
using kerb_test::small_without_b;

using small = owned<Small, 40>;

/// Whether the value is the one of small_with_b, and its view lies inside the object's own octets.
constexpr bool whole(const small& o) {
  const bytes_view own = o.octets();
  return o.has_value() && own == bytes_view(small_with_b) && o->a == 5 && o.value().b == 6u && (*o).c == own.last(2) &&
         o->c.data() == own.data() + own.size() - 2;
}
/// A value that looks at a buffer which is scribbled over before this returns.
constexpr small from_a_buffer_that_dies() {
  std::array<std::uint8_t, small_with_b.size()> buffer = small_with_b;
  auto o = small::of(kerb_test::must(asn1::decode<Small>(buffer)));
  buffer.fill(0xee);
  return *o;
}

constexpr bool outlives() {
  const small o = from_a_buffer_that_dies();
  return whole(o);
}
KERB_BOTH("owned: outlives the buffer that its value looked at", "[asn1]", outlives);

constexpr bool copies_stand_alone() {
  small o = from_a_buffer_that_dies();
  const small copy = o;
  small assigned;
  assigned = o;
  const bool apart = copy.octets().data() != o.octets().data() && assigned.octets().data() != o.octets().data();
  o.clear();
  return apart && whole(copy) && whole(assigned) && !o && o.octets().empty() && o->a == 0 && o->c.empty();
}
KERB_BOTH("owned: a copy has octets and views of its own, and stays when the first is cleared", "[asn1]",
          copies_stand_alone);

constexpr bool moves_leave_nothing() {
  small first = from_a_buffer_that_dies();
  const std::uint8_t* const where = first.octets().data();
  const small second = std::move(first);
  small third;
  third = small(second);
  bool gone = !first.has_value();
  for (std::size_t i = 0; i != small_with_b.size(); ++i) gone = gone && where[i] == 0;
  return gone && whole(second) && whole(third);
}
KERB_BOTH("owned: what is moved from is empty and wiped", "[asn1]", moves_leave_nothing);

constexpr bool assignment_leaves_nothing() {
  const std::array<std::uint8_t, 1> one{0x11};
  const small shorter = kerb_test::must(small::of({.a = 1, .b = {}, .c = one}));
  small from = from_a_buffer_that_dies(), to = from_a_buffer_that_dies();
  const std::size_t longer = to.octets().size();
  to = shorter;
  const std::uint8_t *const behind = to.octets().data() + to.octets().size(), *const was = from.octets().data();
  bool wiped = to.octets().size() < longer;
  for (std::size_t i = 0; i != longer - to.octets().size(); ++i) wiped = wiped && behind[i] == 0;
  to = std::move(from);
  for (std::size_t i = 0; i != longer; ++i) wiped = wiped && was[i] == 0;
  return wiped && !from && whole(to);
}
KERB_BOTH("owned: assignment wipes what the new value does not cover, and the one that was moved from", "[asn1]",
          assignment_leaves_nothing);

constexpr bool assigned_to_itself() {
  small o = from_a_buffer_that_dies();
  small& same = o;
  o = same;
  const bool copied = whole(o);
  o = std::move(same);
  const bool moved = whole(o);
  return copied && moved && o.assign(o.value()).ok() && whole(o);
}
KERB_BOTH("owned: assigned to itself, or its own value, it is as before", "[asn1]", assigned_to_itself);

constexpr bool from_a_part_of_itself() {
  using options = owned<kerb_test::Extensible, 60>;
  options o;
  kerb_test::Extensible v{
      .number = 5, .options = kerb_test::Options{.first = 9, .last = {}}, .closed = {}, .extensions = {}};
  if (!o.assign(v).ok()) return false;
  // shorter than what stands there, and looking at it
  kerb_test::Extensible shorter = o.value();
  shorter.options.reset();
  return o.assign(shorter).ok() && o->number == 5 && !o->options && o.octets().size() == 5;
}
KERB_BOTH("owned: takes a value made of its own", "[asn1]", from_a_part_of_itself);

constexpr bool too_small() {
  owned<Small, 22> o;
  const std::array<std::uint8_t, 3> abc{1, 2, 3};
  const std::array<std::uint8_t, 1> one{0xaa};
  if (!o.assign({.a = 7, .b = {}, .c = one}).ok()) return false;
  const auto kept = o;
  const error why = clone_into(Small{.a = 5, .b = 6, .c = abc}, o);
  const auto made = owned<Small, 23>::of({.a = 5, .b = 6, .c = abc});
  const auto full = owned<Small, 24>::of({.a = 5, .b = 6, .c = abc});
  return why.code == errc::no_space && why.detail == 24 && std::string_view(why.type) == "Small" &&
         o.octets() == kept.octets() && o->a == 7 && o->c == bytes_view(one) && !made && made.error().detail == 24 &&
         full && (*full)->c == bytes_view(abc);
}
KERB_BOTH("owned: too small, it says what would do and keeps what it has", "[asn1]", too_small);

constexpr bool refused_values() {
  owned<captured<Small>, 40> o;
  const auto good = kerb_test::must(asn1::decode_as<captured<Small>>("Small", small_without_b));
  const auto odd = "300adeadbeef"_hex;
  if (!o.assign(good).ok()) return false;
  const error why = o.assign(captured<Small>::as_sent(odd));
  return !why.ok() && why.code == errc::truncated && o.octets() == bytes_view(small_without_b) &&
         o->value().c == o.octets().last(2) && o->octets().data() == o.octets().data();
}
KERB_BOTH("owned: what no decoder takes is refused, and what stood there stays", "[asn1]", refused_values);

constexpr bool captured_octets_stay() {
  // seq-number -1: tolerated, and never written so by us
  std::array in = "3015a003020105a1030201ffa303020107a4040402aabb"_hex;
  owned<captured<Small>, 40> o;
  if (!o.assign(kerb_test::must(asn1::decode_as<captured<Small>>("Small", in))).ok()) return false;
  const auto was = in;
  in.fill(0);
  const auto copy = o;
  return o->value().b == 0xffffffffu && o.octets() == bytes_view(was) && o->octets() == bytes_view(was) &&
         copy->octets() == bytes_view(was) && copy->octets().data() == copy.octets().data();
}
KERB_BOTH("owned: a captured message keeps its sender's octets", "[asn1][tolerance]", captured_octets_stay);

constexpr bool lists() {
  std::array<std::int32_t, 3> numbers{1, -2, 300};
  owned<sequence_of<std::int32_t>, 20> o;
  if (!o.assign(numbers).ok()) return false;
  numbers.fill(0);
  auto i = o->begin();
  return o->size() == 3 && *i++ == 1 && *i++ == -2 && *i++ == 300 && i == o->end();
}
KERB_BOTH("owned: a list of the caller's values becomes one of octets", "[asn1]", lists);

constexpr bool replaced() {
  small o = from_a_buffer_that_dies();
  const std::array<std::uint8_t, 1> one{0x11};
  const std::size_t before = o.octets().size();
  if (!o.assign({.a = 1, .b = {}, .c = one}).ok()) return false;
  const std::uint8_t* const behind = o.octets().data() + o.octets().size();
  bool wiped = o.octets().size() < before;
  for (std::size_t i = 0; i != before - o.octets().size(); ++i) wiped = wiped && behind[i] == 0;
  return wiped && o->a == 1 && !o->b && o->c == bytes_view(one);
}
KERB_BOTH("owned: a shorter value leaves nothing of a longer one behind it", "[asn1]", replaced);

constexpr bool into_a_span() {
  std::array in = small_with_b;
  std::array<std::uint8_t, 30> buffer{};
  const auto v = clone_into(kerb_test::must(asn1::decode<Small>(in)), buffer);
  in.fill(0);
  std::array<std::uint8_t, 22> little{};
  const auto none = clone_into(kerb_test::must(asn1::decode<Small>(small_with_b)), little);
  return v && v->a == 5 && v->c == bytes_view(small_with_b).last(2) && v->c.data() == buffer.data() + 28 && !none &&
         none.error().code == errc::no_space && none.error().detail == 23 && little == std::array<std::uint8_t, 22>{};
}
KERB_BOTH("clone_into: a span's end takes the octets, and the value looks at them", "[asn1]", into_a_span);

constexpr bool tickets() {
  const std::array<kerberos_string, 2> name{"krbtgt"_krb, "EX.ORG"_krb};
  std::array<std::uint8_t, 16> cipher{1, 2, 3};
  owned<msg::Ticket, 128> first;
  if (!first
           .assign({.realm = "EX.ORG"_krb,
                    .sname = {name_t::srv_inst, name},
                    .enc_part = {etype_t::aes256_cts_hmac_sha1_96, 3, cipher}})
           .ok()) {
    return false;
  }
  cipher.fill(0xff);
  const auto second = first;
  first.clear();
  return second->realm == "EX.ORG"_krb && same_name(second->sname, {name_t::unknown, name}) &&
         second->enc_part.cipher[2] == 3;
}
KERB_BOTH("owned: a Ticket with names inside names", "[asn1][rfc4120-5.3]", tickets);

// What would dangle does not compile.
template <class O>
concept gives_value = requires(O&& o) {
  static_cast<O&&>(o).value();
};
template <class O>
concept gives_octets = requires(O&& o) {
  static_cast<O&&>(o).octets();
};
template <class O>
concept points = requires(O&& o) {
  static_cast<O&&>(o).operator->();
}
|| requires(O&& o) { *static_cast<O&&>(o); };
static_assert(gives_value<small&> && gives_value<const small&> && gives_octets<small&> && points<small&>);
static_assert(!gives_value<small> && !gives_value<const small> && !gives_octets<small> && !points<small>);
static_assert(!std::is_trivially_copyable_v<small>, "copied like memory, its views would look at the other one");
static_assert(std::is_nothrow_move_constructible_v<small> && std::is_nothrow_move_assignable_v<small>);
static_assert(sizeof(small) <= sizeof(Small) + 40 + 2 * sizeof(std::size_t));

TEST_CASE("owned: lives in containers that move their elements about", "[asn1]") {
  std::vector<small> many;
  std::list<small> others;
  for (int i = 0; i != 40; ++i) {
    many.push_back(from_a_buffer_that_dies());
    others.push_front(many.front());
  }
  many.erase(many.begin() + 3, many.begin() + 20);
  std::swap(many.front(), many.back());
  bool good = many.size() == 23;
  for (const auto& o : many) good = good && whole(o);
  for (const auto& o : others) good = good && whole(o);
  CHECK(good);
}

TEST_CASE("owned: nothing is taken from the heap", "[asn1]") {
  bool good = false;
  {
    const kerb_test::no_allocations here;
    small a = from_a_buffer_that_dies();
    const small b = a;
    a = b;
    small c = std::move(a);
    good = whole(b) && c.assign(b.value()).ok() && whole(c);
  }
  CHECK(good);
}

TEST_CASE("owned: its octets are wiped when it dies", "[asn1]") {
  alignas(small) unsigned char buffer[sizeof(small)];
  small* const o = new (buffer) small(from_a_buffer_that_dies());
  const auto at = static_cast<std::size_t>(o->octets().data() - reinterpret_cast<std::uint8_t*>(buffer));
  const std::size_t size = o->octets().size();
  o->~owned();
  bool wiped = true;
  for (std::size_t i = 0; i != size; ++i) wiped = wiped && static_cast<volatile unsigned char*>(buffer)[at + i] == 0;
  CHECK(wiped);
}

}  // namespace
