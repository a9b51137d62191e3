// KRB-SAFE and KRB-PRIV in a session: what is made opens on the other side once, and nothing else opens.
#include <kerb/exchange/protect/session.hpp>
#include <memory>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/protect_world.hpp"

namespace kerb::inline v0::detail {
/// Sets the numbers of a session.
struct session_inspector {
  template <class Session>
  static constexpr void set(Session& s, const sequence_counter& out, const sequence_counter& in) {
    s.out_ = out;
    s.in_ = in;
  }
};
}  // namespace kerb::inline v0::detail

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using session = protect_world::session;
using buffer = std::array<std::uint8_t, 512>;

using bare = protected_session<policy>;
static_assert(std::is_move_constructible_v<bare> && std::is_move_assignable_v<bare> &&
              !std::is_copy_constructible_v<bare> && !std::is_copy_assignable_v<bare>);

/// One message from one to the other, of that kind.
constexpr bool passes(protect_world& w, session& from, session& to, kind k, bytes_view data = some_data) {
  buffer out{}, in{};
  const auto size = w.size(from, k, data.size());
  const auto m = w.make(from, k, data, out);
  if (!m || !size || *size != m->size() || m->data() + m->size() != out.data() + out.size()) return false;
  const auto got = w.open(to, k, *m, in);
  return got && *got == data;
}
/// Several of both kinds in both directions, not in turns.
constexpr bool converse(protect_world& w) {
  session i = w.initiator(), a = w.acceptor();
  return passes(w, i, a, kind::priv) && passes(w, i, a, kind::safe) && passes(w, a, i, kind::safe) &&
         passes(w, i, a, kind::safe, {}) && passes(w, a, i, kind::priv) && passes(w, a, i, kind::priv, {}) &&
         passes(w, i, a, kind::priv);
}
template <freshness By>
constexpr bool every_setting() {
  for (const bool placed : {false, true}) {
    for (const key_choice choice : {key_choice::last_negotiated, key_choice::own_subkey}) {
      for (int subkeys = 0; subkeys != 4; ++subkeys) {
        protect_world w;
        w.options.by = By;
        w.with_store = By != freshness::sequence_numbers;
        if (placed) w.at_places();
        w.options.demand_recipient = placed;
        w.options.keys = choice;
        w.initiator_subkey = (subkeys & 1) != 0;
        w.acceptor_subkey = (subkeys & 2) != 0;
        if (!converse(w)) return false;
      }
    }
  }
  return true;
}
KERB_BOTH("protected_session: messages pass, with sequence numbers", "[exchange][rfc4120-3.4.1][rfc4120-3.5.1]",
          every_setting<freshness::sequence_numbers>);
KERB_BOTH("protected_session: messages pass, with timestamps", "[exchange][rfc4120-3.4.1][rfc4120-3.5.1]",
          every_setting<freshness::timestamps>);
KERB_BOTH("protected_session: messages pass, with both", "[exchange][rfc4120-3.4.1][rfc4120-3.5.1]",
          every_setting<freshness::both>);

// ---- what a message says

constexpr bool says_what_is_needed() {
  for (const freshness by : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
    for (const bool placed : {false, true}) {
      protect_world w;
      w.options.by = by;
      w.with_store = true;
      if (placed) w.at_places();
      session i = w.initiator();
      buffer out{};
      const auto m = w.make(i, kind::safe, some_data, out);
      const auto s = asn1::decode<msg::KrbSafe>(*m, der::strict);
      if (!s) return false;
      const msg::KrbSafeBody& b = s->safe_body.value();
      const control wanted = w.honest();
      if (b.timestamp != wanted.timestamp || b.usec != wanted.usec || b.seq_number != wanted.seq_number ||
          !same_address(b.s_address, wanted.s_address) || b.r_address.has_value() != placed ||
          s->cksum.cksumtype != cksum_t::hmac_sha1_96_aes256)
        return false;
      if (placed && !same_address(*b.r_address, there_address)) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: a message says when, which, and from where, as was set",
          "[exchange][rfc4120-3.4.1][rfc4120-5.6.1][rfc4120-7.1]", says_what_is_needed);

constexpr bool one_microsecond() {
  protect_world w;
  w.options.by = freshness::timestamps;
  w.with_store = true;
  w.w.now.usec = {999998};
  session i = w.initiator();
  std::array<timestamp, 3> at{};
  for (timestamp& t : at) {
    buffer out{};
    const auto m = w.make(i, kind::safe, some_data, out);
    if (!m) return false;
    const auto safe = asn1::decode<msg::KrbSafe>(*m);
    const msg::KrbSafeBody b = kerb_test::must(safe).safe_body.value();
    t = {*b.timestamp, *b.usec};
    // One that is not made takes no time
    std::array<std::uint8_t, 8> small{};
    if (w.make(i, kind::safe, some_data, small)) return false;
  }
  const std::int64_t s = w.w.now.at.seconds;
  return at[0] == timestamp{{s}, {999998}} && at[1] == timestamp{{s}, {999999}} && at[2] == timestamp{{s + 1}, {0}};
}
KERB_BOTH("protected_session: two messages in one microsecond say different times", "[exchange][rfc4120-3.4.2]",
          one_microsecond);

constexpr bool end_of_time() {
  protect_world w;
  w.options.by = freshness::both;
  w.w.now = {latest_time, {999999}};
  session i = w.initiator();
  buffer out{};
  if (!w.make(i, kind::priv, some_data, out)) return false;
  return w.make(i, kind::priv, some_data, out).error().code == errc::clock_out_of_range && i.next_sent() == 70001u;
}
KERB_BOTH("protected_session: after the last microsecond of 9999 no message can say when", "[exchange]", end_of_time);

// ---- sequence numbers

constexpr bool unnamed_numbers() {
  for (const unnamed_sequence u : {unnamed_sequence::as_initiator, unnamed_sequence::zero}) {
    protect_world w;
    w.acceptor_seq = std::optional<std::uint32_t>{};
    w.options.acceptor_seq = u;
    session i = w.initiator(), a = w.acceptor();
    const std::uint32_t first = u == unnamed_sequence::zero ? 0 : 70000;
    if (i.next_expected() != first || a.next_sent() != first || i.next_sent() != 70000u) return false;
    if (!passes(w, a, i, kind::priv) || i.next_expected() != first + 1 || a.next_sent() != first + 1) return false;
    if (!converse(w)) return false;
    w.acceptor_seq = 5;  // named, it goes before both
    if (w.acceptor().next_sent() != 5u) return false;
  }
  return true;
}
KERB_BOTH("protected_session: an acceptor that names no number counts as was agreed", "[exchange][rfc4120-5.5.2]",
          unnamed_numbers);

constexpr bool numbers_wrap() {
  protect_world w;
  w.initiator_seq = 0xfffffffeu;
  w.acceptor_seq = 0x7fffffffu;
  session i = w.initiator(), a = w.acceptor();
  for (int n = 0; n != 4; ++n)
    if (!passes(w, i, a, kind::priv) || !passes(w, a, i, kind::safe)) return false;
  return i.next_sent() == 2u && a.next_expected() == 2u && i.next_expected() == 0x80000003u;
}
KERB_BOTH("protected_session: numbers go on modulo 2^32", "[exchange][rfc4120-5.5.1]", numbers_wrap);

// MIT krb5 leaves a number of zero out
constexpr bool zero_may_be_absent() {
  for (const kind k : kinds_of_message) {
    for (const std::uint32_t first : {0u, 1u, 0xffffffffu}) {
      protect_world w;
      w.initiator_seq = first;
      session a = w.acceptor();
      control c = w.honest();
      c.seq_number = std::optional<std::uint32_t>{};
      buffer out{}, in{};
      const auto by = w.w.session_key();
      const bytes_view m = w.mint(k, c, some_data, by, out);
      if (w.open(a, k, m, in).has_value() != (first == 0)) return false;
      if (first == 0 && (a.next_expected() != 1u || w.open(a, k, m, in))) return false;  // once
      if (first != 0 && a.next_expected() != first) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: a number that is left out is zero, where zero is due", "[exchange][rfc4120-3.5.2]",
          zero_may_be_absent);

constexpr bool each_number_is_used_once() {
  for (const kind k : kinds_of_message) {
    protect_world w;
    session i = w.initiator(), a = w.acceptor();
    const sequence_counter ours(5u, 0xfffffffeu), theirs(100u);
    detail::session_inspector::set(i, ours, theirs);
    detail::session_inspector::set(a, theirs, ours);
    if (!passes(w, i, a, k) || !passes(w, i, a, k)) return false;  // the last two
    buffer out{}, in{};
    if (i.next_sent() || a.next_expected()) return false;
    if (w.make(i, k, some_data, out).error().code != errc::numbers_used_up) return false;
    if (w.size(i, k, 3).error().code != errc::numbers_used_up) return false;
    // A message with the first number again
    protect_world again;
    session other = again.initiator();
    detail::session_inspector::set(other, sequence_counter(5u), theirs);
    const auto m = again.make(other, k, some_data, out);
    if (!m || w.open(a, k, *m, in).error().code != errc::numbers_used_up) return false;
    if (!passes(w, a, i, k)) return false;  // the other direction goes on
    const auto t = w.w.turn();
    if (i.make_cred(view_of<ref<const session::credential>>{}, out, t, {.numbered = true}).error().code !=
            errc::numbers_used_up ||
        a.open_cred(some_data, in, t, {.numbered = true}).error().code != errc::numbers_used_up) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: no sequence number is used twice", "[exchange][rfc4120-5.5.1]", each_number_is_used_once);

constexpr bool no_number_was_named() {
  protect_world w;
  w.initiator_seq = std::optional<std::uint32_t>{};
  session i = w.initiator(), a = w.acceptor();
  buffer out{}, in{};
  for (const kind k : kinds_of_message) {
    if (!is(w.make(i, k, some_data, out).error(), errc::missing_field, "Authenticator", "seq-number")) return false;
    if (!is(w.size(i, k, 3).error(), errc::missing_field, "Authenticator", "seq-number")) return false;
    if (!is(w.open(a, k, some_data, in).error(), errc::missing_field, "Authenticator", "seq-number")) return false;
    if (!passes(w, a, i, k)) return false;  // the other direction has one
  }
  w.acceptor_seq = std::optional<std::uint32_t>{};
  session none = w.acceptor();
  if (w.make(none, kind::priv, some_data, out)) return false;
  w.options.by = freshness::timestamps;
  w.with_store = true;
  return converse(w);
}
KERB_BOTH("protected_session: where a number is demanded the AP exchange must have named one",
          "[exchange][rfc4120-3.4.1]", no_number_was_named);

constexpr bool strict_order() {
  for (const freshness by : {freshness::sequence_numbers, freshness::both}) {
    for (const kind k : kinds_of_message) {
      protect_world w;
      w.options.by = by;
      session i = w.initiator(), a = w.acceptor();
      buffer one{}, two{}, in{};
      const auto first = w.make(i, k, some_data, one), second = w.make(i, k, some_data, two);
      const auto refused = [&](const auto& m) { return w.open(a, k, *m, in).error().code == errc::bad_order; };
      if (!refused(second) || !w.open(a, k, *first, in) || !refused(first) || !w.open(a, k, *second, in) ||
          !refused(second) || !refused(first))
        return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: strict numbers refuse replays, gaps and another order", "[exchange][rfc4120-3.4.2]",
          strict_order);

constexpr bool timestamps_take_no_number() {
  for (const kind k : kinds_of_message) {
    protect_world w;
    w.options.by = freshness::timestamps;
    w.with_store = true;
    session i = w.initiator(), a = w.acceptor();
    if (!passes(w, i, a, k) || i.next_sent() != 70000u || a.next_expected() != 70000u) return false;
  }
  return true;
}
KERB_BOTH("protected_session: with timestamps alone no number is used up", "[exchange][rfc4120-3.4.1]",
          timestamps_take_no_number);

constexpr bool nothing_shows_that_it_is_new() {
  for (const kind k : kinds_of_message) {
    protect_world w;
    w.options.by = freshness::timestamps;
    w.with_store = true;
    w.initiator_seq = 0;  // which a message may leave out, where numbers count
    session a = w.acceptor();
    control c = w.honest();
    c.timestamp.reset();
    c.usec.reset();
    buffer out{}, in{};
    const key by = w.w.session_key();
    if (w.open(a, k, w.mint(k, c, some_data, by, out), in).error().code != errc::no_freshness) return false;
  }
  return true;
}
KERB_BOTH("protected_session: with timestamps a message with neither time nor number is not taken for number zero",
          "[exchange][rfc4120-3.4.1]", nothing_shows_that_it_is_new);

constexpr bool the_other_subkey_serves() {
  // The side without a subkey of its own uses the other one's, as Heimdal does; so its peer may use the last negotiated
  for (const bool of_initiator : {false, true}) {
    protect_world w, plain;
    w.options.keys = key_choice::own_subkey;
    (of_initiator ? w.initiator_subkey : w.acceptor_subkey) = true;
    (of_initiator ? plain.initiator_subkey : plain.acceptor_subkey) = true;
    session i = w.initiator(), a = w.acceptor(), i2 = plain.initiator(), a2 = plain.acceptor();
    if (!passes(w, i, a2, kind::priv) || !passes(w, a, i2, kind::priv)) return false;
  }
  return true;
}
KERB_BOTH("protected_session: a side that proposed no subkey uses the other side's", "[exchange][rfc4120-3.4]",
          the_other_subkey_serves);

// ---- stores

constexpr bool any_order_once() {
  for (const freshness by : {freshness::timestamps, freshness::both}) {
    for (const kind k : kinds_of_message) {
      protect_world w;
      w.options.by = by;
      w.with_store = true;
      session i = w.initiator(), a = w.acceptor();
      buffer one{}, two{}, in{};
      const auto first = w.make(i, k, some_data, one), second = w.make(i, k, some_data, two);
      const auto fails_with = [&](const auto& m, errc why) { return w.open(a, k, *m, in).error().code == why; };
      if (by == freshness::both && !fails_with(second, errc::bad_order)) return false;
      if (by == freshness::timestamps && (!w.open(a, k, *second, in) || !fails_with(second, errc::replayed)))
        return false;
      if (!w.open(a, k, *first, in)) return false;
      if (!fails_with(first, by == freshness::both ? errc::bad_order : errc::replayed)) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: timestamps take messages in any order, and each once", "[exchange][rfc4120-3.4.2]",
          any_order_once);

constexpr bool store_is_needed() {
  protect_world w;
  w.options.by = freshness::timestamps;
  session i = w.initiator(), a = w.acceptor();
  buffer out{}, in{};
  for (const kind k : kinds_of_message) {
    if (w.make(i, k, some_data, out).error().code != errc::api_misuse) return false;
    w.with_store = true;
    const auto m = w.make(i, k, some_data, out);
    w.with_store = false;
    if (!m || w.open(a, k, *m, in).error().code != errc::api_misuse) return false;
    w.with_store = true;
    if (!w.open(a, k, *m, in)) return false;
    w.with_store = false;
  }
  return out[0] == 0;
}
KERB_BOTH("protected_session: timestamps without a store are misuse", "[exchange][rfc4120-3.4.2]", store_is_needed);

/// A store that answers as told, and counts.
struct odd_store {
  replay_verdict says = replay_verdict::fresh;
  unsigned asked = 0;
  std::array<std::uint8_t, 32> digest{};
  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>& d, kerberos_time, kerberos_time) noexcept {
    ++asked;
    digest = d;
    return says;
  }
};
template <kind K>
constexpr bool store_says_no() {
  for (const replay_verdict v : {replay_verdict::seen, replay_verdict::full, replay_verdict::unknown}) {
    protect_world w;
    w.options.by = freshness::both;
    session i = w.initiator(), a = w.acceptor();
    const auto t = w.w.turn();
    buffer out{}, in{};
    odd_store no{.says = v}, yes;
    const auto make = [&](odd_store& s) {
      return K == kind::priv ? i.make_priv(some_data, out, t, s) : i.make_safe(some_data, out, t, s);
    };
    const auto open = [&](bytes_view m, odd_store& s) {
      return K == kind::priv ? a.open_priv(m, in, t, s) : a.open_safe(m, t, s);
    };
    const errc why = v == replay_verdict::seen ? errc::replayed : errc::replay_unknown;
    const auto unmade = make(no);
    if (v == replay_verdict::unknown) {
      if (!unmade || i.next_sent() != 70001u) return false;  // its reflection would find the store blind, too
      i = w.initiator();
    } else if (unmade.error().code != why || i.next_sent() != 70000u || holds(out, some_data)) {
      return false;
    }
    const auto m = make(yes);
    if (!m || open(*m, no).error().code != why || a.next_expected() != 70000u || holds(in, some_data)) return false;
    if (!open(*m, yes) || yes.asked != 2 || no.asked != 2) return false;
  }
  return true;
}
KERB_BOTH("protected_session: what the store cannot take is not sent and does not open (KRB-PRIV)",
          "[exchange][rfc4120-3.5.2]", store_says_no<kind::priv>);
KERB_BOTH("protected_session: what the store cannot take is not sent and does not open (KRB-SAFE)",
          "[exchange][rfc4120-3.4.2]", store_says_no<kind::safe>);

constexpr bool store_hears_only_what_is_good() {
  protect_world w;
  w.options.by = freshness::both;
  session i = w.initiator(), a = w.acceptor(), strict = w.initiator();
  const auto t = w.w.turn();
  buffer out{}, in{};
  odd_store s;
  const auto m = i.make_priv(some_data, out, t);
  std::array<std::uint8_t, 512> bad = out;
  bad[511] = static_cast<std::uint8_t>(bad[511] ^ 1);
  if (a.open_priv(bytes_view(bad).last(m->size()), in, t, s) || i.open_priv(*m, in, t, s) || s.asked != 0) return false;
  const auto got = a.open_priv(*m, in, t, s);
  // Sent and received, it is the same one; and of another message it is another
  odd_store sent, other;
  session again = w.initiator();
  w.w.policy.entropy = {};
  const auto n = again.make_priv(some_data, out, w.w.turn(), sent);
  if (!n || !w.acceptor().open_priv(*n, in, t, other) || sent.digest != other.digest) return false;
  if (!again.make_priv(some_data, out, w.w.turn(), other) || sent.digest == other.digest) return false;
  // Numbers alone ask no store
  protect_world numbers;
  session x = numbers.initiator();
  odd_store unasked{.says = replay_verdict::full};
  return got && s.asked == 1 && x.make_priv(some_data, out, t, unasked) && unasked.asked == 0;
}
KERB_BOTH("protected_session: the store hears of authentic messages only", "[exchange][rfc4120-3.4.2]",
          store_hears_only_what_is_good);

// ---- buffer and randomness

/// Nothing is read, so that these may be octets that there are not.
constexpr bool too_large_for_a_message() {
  protect_world w;
  session i = w.initiator();
  buffer out{};
  for (const kind k : kinds_of_message) {
    for (const std::size_t n : {std::size_t{0xffffffff}, std::size_t{0xffffffff} - 20, std::size_t{1} << 33}) {
      if (w.size(i, k, n).error().code != errc::input_too_large) return false;
      if (w.make(i, k, {out.data(), n}, out).error().code != errc::input_too_large) return false;
    }
    const auto most = w.size(i, k, 0xffffff00u);
    if (!most || *most > 0xffffffffu) return false;
    const std::size_t around = *most - 0xffffff00u;
    const auto longest = w.size(i, k, 0xffffffffu - around);
    if (!longest || *longest != 0xffffffffu || w.size(i, k, 0x100000000u - around)) return false;
  }
  return i.next_sent() == 70000u && out == buffer{};
}
KERB_BOTH("protected_session: what no decoder would take is not made, and its size is not told in part", "[exchange]",
          too_large_for_a_message);

template <kind K>
constexpr bool exact_sizes() {
  std::array<std::uint8_t, 300> data{};
  for (std::size_t i = 0; i != data.size(); ++i) data[i] = static_cast<std::uint8_t>(i);
  for (const std::size_t n :
       {0u, 1u, 9u, 60u, 61u, 62u, 63u, 64u, 65u, 66u, 67u, 68u, 127u, 128u, 190u, 191u, 192u, 193u, 194u, 300u}) {
    protect_world w;
    w.options.by = freshness::both;
    w.initiator_seq = 0xffffffffu;
    session i = w.initiator(), a = w.acceptor();
    const bytes_view d = bytes_view(data).first(n);
    buffer out{};
    const std::size_t size = kerb_test::must(w.size(i, K, n));
    const error e = w.make(i, K, d, std::span(out).first(size - 1)).error();
    const error none = w.make(i, K, d, {}).error();
    if (e.code != errc::no_space || e.detail != size || none.code != errc::no_space || none.detail != size)
      return false;
    for (const std::uint8_t o : out)
      if (o != 0) return false;
    if (w.w.policy.entropy.draws() != 0 || i.next_sent() != 0xffffffffu) return false;
    const auto m = w.make(i, K, d, std::span(out).first(size));
    if (!m || m->data() != out.data() || m->size() != size) return false;
    if (w.w.policy.entropy.draws() != (K == kind::priv ? 1u : 0u)) return false;
    buffer in{};
    if (K == kind::priv) {
      const std::size_t cipher = kerb_test::must(asn1::decode<msg::KrbPriv>(*m)).enc_part.cipher.size();
      const error small = w.open(a, K, *m, std::span(in).first(cipher - 1)).error();
      if (small.code != errc::no_space || small.detail != cipher || in != buffer{}) return false;
      const auto got = w.open(a, K, *m, std::span(in).first(cipher));
      if (!got || !(*got == d)) return false;
      if (n != 0 && (got->data() < in.data() || got->data() + n > in.data() + cipher)) return false;
    } else {
      const auto got = w.open(a, K, *m, {});
      if (!got || !(*got == d) || got->data() < out.data() || got->data() + n > out.data() + size) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: one octet short, and the size that will do is named (KRB-PRIV)", "[exchange]",
          exact_sizes<kind::priv>);
KERB_BOTH("protected_session: one octet short, and the size that will do is named (KRB-SAFE)", "[exchange]",
          exact_sizes<kind::safe>);

constexpr bool randomness_fails() {
  protect_world w;
  session i = w.initiator(), a = w.acceptor();
  buffer out{};
  w.w.policy.entropy.fail_at = 1;
  if (w.make(i, kind::priv, some_data, out).error().code != errc::entropy || i.next_sent() != 70000u) return false;
  for (const std::uint8_t o : out)
    if (o != 0) return false;  // the plaintext had stood there
  return passes(w, i, a, kind::safe) && passes(w, i, a, kind::priv);
}
KERB_BOTH("protected_session: randomness that fails leaves no plaintext, and takes no number", "[exchange]",
          randomness_fails);

constexpr bool randomness_fails_with_a_store() {
  for (const freshness by : {freshness::timestamps, freshness::both}) {
    protect_world w;
    w.options.by = by;
    w.with_store = true;
    session i = w.initiator(), a = w.acceptor();
    buffer out{};
    w.w.policy.entropy.fail_at = 1;
    if (w.make(i, kind::priv, some_data, out).error().code != errc::entropy || i.next_sent() != 70000u) return false;
    if (holds(out, some_data) || !passes(w, i, a, kind::priv)) return false;
  }
  return true;
}
KERB_BOTH("protected_session: a KRB-PRIV that could not be sealed is not entered in the store and not sent",
          "[exchange]", randomness_fails_with_a_store);

struct no_checksum : testing::insecure_policy {
  constexpr std::optional<cksum_shape> cksum_of(etype_t) const noexcept { return std::nullopt; }
  constexpr std::optional<cksum_shape> cksum_of(placed_cksum) const noexcept { return std::nullopt; }
};
KERB_BOTH("protected_session: a key without a checksum makes no KRB-SAFE, and tells no size of one", "[exchange]", [] {
  basic_protect_world<no_checksum> w;
  auto i = w.initiator();
  buffer out{};
  return w.size(i, kind::safe, 5).error().code == errc::unsupported_cksum &&
         w.make(i, kind::safe, some_data, out).error().code == errc::unsupported_cksum && i.next_sent() == 70000u &&
         w.size(i, kind::priv, 5).has_value();
});

struct no_prepared_key : testing::insecure_policy {
  constexpr result<prepared_key> prepare(const kerb::key&, key_usage_t) noexcept { return errc::crypto_backend; }
};
KERB_BOTH("protected_session: where no key can be prepared no message is made or opened", "[exchange]", [] {
  protect_world honest;
  session peer = honest.initiator();
  for (const kind k : kinds_of_message) {
    basic_protect_world<no_prepared_key> w;
    auto i = w.initiator(), a = w.acceptor();
    buffer out{}, in{}, other{};
    const auto m = honest.make(peer, k, some_data, other);
    if (!m || w.size(i, k, 5).error().code != errc::crypto_backend ||
        w.make(i, k, some_data, out).error().code != errc::crypto_backend ||
        w.open(a, k, *m, in).error().code != errc::crypto_backend)
      return false;
  }
  return true;
});

constexpr bool only_the_message_is_written() {
  protect_world w;
  session i = w.initiator();
  buffer out{};
  for (std::uint8_t& o : out) o = 0xee;
  const auto m = w.make(i, kind::priv, some_data, out);
  w.w.policy.entropy.fail_at = 2;
  if (w.make(i, kind::priv, some_data, out)) return false;
  for (std::size_t n = 0; n + m->size() != out.size(); ++n)
    if (out[n] != 0xee) return false;
  return true;
}
KERB_BOTH("protected_session: what stands in front of the message in its buffer stays", "[exchange]",
          only_the_message_is_written);

// ---- misuse

constexpr bool one_address() {
  for (const bool local : {false, true}) {
    protect_world w;
    (local ? w.options.local : w.options.peer) = here_address;
    session i = w.initiator();
    buffer out{}, in{};
    for (const kind k : kinds_of_message) {
      if (w.make(i, k, some_data, out).error().code != errc::api_misuse ||
          w.open(i, k, some_data, in).error().code != errc::api_misuse ||
          w.size(i, k, 1).error().code != errc::api_misuse)
        return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: one address without the other is misuse", "[exchange]", one_address);

constexpr bool clocks() {
  protect_world w;
  session i = w.initiator();
  buffer out{};
  w.w.now.usec.count = 1000000;
  for (const kind k : kinds_of_message) {
    if (w.make(i, k, some_data, out).error().code != errc::clock_out_of_range ||
        w.open(i, k, some_data, out).error().code != errc::clock_out_of_range)
      return false;
  }
  return true;
}
KERB_BOTH("protected_session: a clock outside of its range is refused", "[exchange]", clocks);

constexpr bool moved_from() {
  protect_world w;
  session i = w.initiator(), a = w.acceptor();
  if (!passes(w, i, a, kind::priv)) return false;
  session j = std::move(i);
  buffer out{}, in{};
  for (const kind k : kinds_of_message) {
    if (w.make(i, k, some_data, out).error().code != errc::api_misuse ||
        w.open(i, k, some_data, in).error().code != errc::api_misuse ||
        w.size(i, k, 1).error().code != errc::api_misuse)
      return false;
  }
  if (i.next_sent() || i.next_expected() || !j.next_sent() || !j.next_expected()) return false;
  if (!passes(w, j, a, kind::priv) || !passes(w, a, j, kind::safe)) return false;
  i = std::move(j);
  return passes(w, i, a, kind::safe) && w.make(j, kind::safe, some_data, out).error().code == errc::api_misuse;
}
KERB_BOTH("protected_session: moved, it goes on, and what it was moved from is of no use", "[exchange]", moved_from);

// ---- reflection

/// What becomes of the initiator's own message when it comes back.
constexpr errc reflected(protect_world& w, kind k) {
  session i = w.initiator();
  buffer out{}, in{};
  const auto m = w.make(i, k, some_data, out);
  return m ? w.open(i, k, *m, in).error().code : m.error().code;
}
constexpr bool reflections() {
  for (const kind k : kinds_of_message) {
    for (const freshness by : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
      protect_world w;
      w.options.by = by;
      w.with_store = by == freshness::timestamps;
      w.acceptor_seq = std::optional<std::uint32_t>{};  // so that both count from one number
      if (reflected(w, k) != errc::address_mismatch) return false;
      w.at_places();
      if (reflected(w, k) != errc::address_mismatch) return false;
      // On one host, with one key
      w.options.peer = here_address;
      if (reflected(w, k) != (by == freshness::timestamps ? errc::replayed : errc::api_misuse)) return false;
      // A key for each direction tells them apart
      w.options.keys = key_choice::own_subkey;
      w.initiator_subkey = w.acceptor_subkey = true;
      if (reflected(w, k) != errc::integrity || !converse(w)) return false;
      w.acceptor_subkey = false;
      if (reflected(w, k) != (by == freshness::timestamps ? errc::replayed : errc::api_misuse)) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: a message of ours that comes back does not open", "[exchange][rfc4120-7.1]", reflections);

constexpr bool the_same_subkey_twice() {
  // MIT krb5's AP-REP repeats the initiator's subkey
  protect_world w;
  w.at_places();
  w.options.peer = here_address;
  w.options.keys = key_choice::own_subkey;
  session_keys<key> k{w.w.session_key(), w.subkey(true), w.subkey(true), 5, {}};
  protected_session<policy> s(std::move(k), w.options);
  buffer out{};
  return s.make_priv(some_data, out, w.w.turn()).error().code == errc::api_misuse;
}
KERB_BOTH("protected_session: two subkeys with the same octets are one key", "[exchange][rfc4120-7.1]",
          the_same_subkey_twice);

constexpr bool numbers_that_meet() {
  for (const freshness by : {freshness::sequence_numbers, freshness::both}) {
    for (const kind k : kinds_of_message) {
      protect_world w;
      w.options.by = by;
      w.at_places();
      w.options.peer = here_address;
      w.initiator_seq = 0xffffffffu;
      w.acceptor_seq = 1;
      session i = w.initiator(), a = w.acceptor();
      buffer third{}, in{};
      if (!passes(w, i, a, k) || !passes(w, i, a, k)) return false;
      const auto m = w.make(i, k, some_data, third);  // its number is the one that the acceptor's next will have
      if (w.open(i, k, *m, in).error().code != errc::bad_order) return false;
      // The twin: with addresses of their own the acceptor's number one is welcome
      w.options.peer = there_address;
      session j = w.initiator(), b = w.acceptor();
      for (int n = 0; n != 3; ++n)
        if (!passes(w, j, b, k)) return false;
      if (!passes(w, b, j, k)) return false;
    }
  }
  return true;
}
KERB_BOTH("protected_session: on one host, a number that we have used is nobody's but ours", "[exchange][rfc4120-7.1]",
          numbers_that_meet);

// ---- prepared keys

struct counting_policy : testing::insecure_policy {
  unsigned prepared = 0;
  constexpr result<prepared_key> prepare(const kerb::key& k, key_usage_t u) noexcept {
    ++prepared;
    return insecure_policy::prepare(k, u);
  }
};
constexpr bool prepared_once() {
  for (const bool two_keys : {false, true}) {
    basic_protect_world<counting_policy> w;
    w.options.keys = two_keys ? key_choice::own_subkey : key_choice::last_negotiated;
    w.initiator_subkey = w.acceptor_subkey = true;
    auto i = w.initiator(), a = w.acceptor();
    if (w.w.policy.prepared != 0) return false;
    buffer out{}, in{};
    for (int n = 0; n != 3; ++n) {
      for (const kind k : kinds_of_message) {
        const auto m = w.make(i, k, some_data, out);
        if (!m || !w.open(a, k, *m, in)) return false;
        const auto r = w.make(a, k, some_data, out);
        if (!r || !w.open(i, k, *r, in)) return false;
      }
    }
    if (w.w.policy.prepared != (two_keys ? 8u : 4u)) return false;
  }
  return true;
}
KERB_BOTH("protected_session: a key is prepared once for each kind of message", "[exchange]", prepared_once);

TEST_CASE("protected_session: allocates nothing", "[exchange]") {
  protect_world w;
  session i = w.initiator(), a = w.acceptor();
  bool good = false;
  {
    no_allocations guard;
    good = passes(w, i, a, kind::priv) && passes(w, a, i, kind::safe);
  }
  CHECK(good);
}

TEST_CASE("protected_session: no key is left where it stood when it dies", "[exchange]") {
  for (const bool used : {false, true}) {
    protect_world w;
    w.initiator_subkey = w.acceptor_subkey = true;
    w.options.keys = key_choice::own_subkey;
    alignas(bare) std::array<std::uint8_t, sizeof(bare)> place{};
    bare* const s = std::construct_at(reinterpret_cast<bare*>(place.data()), w.keys(), w.options);
    buffer out{};
    if (used) REQUIRE(s->make_priv(some_data, out, w.w.turn()));
    CHECK(holds(place, session_octets));
    CHECK(holds(place, subkey_octets));
    CHECK(holds(place, other_octets));
    std::destroy_at(s);
    CHECK(!holds(place, session_octets));
    CHECK(!holds(place, subkey_octets));
    CHECK(!holds(place, other_octets));
  }
}

}  // namespace
