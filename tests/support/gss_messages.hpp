// The messages of a context of GSS-API, and all that can be wrong with them, for any policy.
#pragma once
#include <vector>

#include "gss_world.hpp"

namespace kerb_test::inline gss_messages_names {

using octet_list = std::vector<std::uint8_t>;
enum class kind_of_message { sealed, signed_only, mic };
inline constexpr kind_of_message kinds_of_token[] = {kind_of_message::sealed, kind_of_message::signed_only,
                                                     kind_of_message::mic};

inline octet_list text(std::size_t n) {
  octet_list m(n);
  for (std::size_t i = 0; i != n; ++i) m[i] = static_cast<std::uint8_t>(0x41 + i % 57);
  return m;
}

/// Two sides of a context, and what goes between them. `back` means from the acceptor to the initiator.
template <class C>
struct talk {
  using world = basic_gss_world<C>;
  using key = typename C::key;
  using context = typename world::context;
  world w;
  kerb::basic_credential<key> credential;
  typename world::pair p;

  template <class Prepare>
  talk(kerb::gss_flags f, Prepare&& prepare)
      : credential([&] {
          w.flags = f;
          prepare(w);
          return w.credential();
        }()),
        p(w.establish(credential)) {}
  explicit talk(kerb::gss_flags f) : talk(f, [](world&) {}) {}

  C& policy() { return w.policy; }
  context& from(bool back) { return back ? p.theirs : p.ours; }
  context& to(bool back) { return back ? p.ours : p.theirs; }

  octet_list make(kind_of_message k, bool back, kerb::bytes_view m) {
    octet_list out(m.size() + 256);
    const auto t = k == kind_of_message::mic
                       ? from(back).get_mic(m, out, policy())
                       : from(back).wrap(m,
                                         k == kind_of_message::sealed ? kerb::gss::protection::confidentiality
                                                                      : kerb::gss::protection::integrity,
                                         out, policy());
    const kerb::bytes_view made = must(t);
    return {made.begin(), made.end()};
  }
  struct opened {
    kerb::error why{};
    octet_list message;
    kerb::gss::order seen{};
    kerb::gss::protection by{};
    bool ok() const { return why.ok(); }
  };
  /// Opens a token in the way that is asked for: in place, or into another buffer. A MIC is of `m`.
  opened open(kind_of_message k, bool back, const octet_list& token, kerb::bytes_view m, bool in_place = false) {
    opened o;
    const kerb::bytes_view t(token);
    if (k == kind_of_message::mic) {
      const auto seen = to(back).verify_mic(m, t, policy());
      if (seen) o.seen = *seen, o.message.assign(m.begin(), m.end());
      else o.why = seen.error();
      return o;
    }
    octet_list copy = token, out(token.size());
    const auto u = in_place ? to(back).unwrap_in_place(copy, policy()) : to(back).unwrap(t, out, policy());
    if (!u) {
      o.why = u.error();
      return o;
    }
    o.message.assign(u->message.begin(), u->message.end());
    o.seen = u->seen;
    o.by = u->by;
    return o;
  }
  /// A copy of the key that protects messages.
  key protection_key() {
    return must(policy().import(p.ours.etype(policy()), p.ours.session_key(policy()).unguarded()));
  }
  /// A sealed token as someone with the key can make it: with any header in front, any header inside, any filler,
  /// and rotated by any number of octets.
  octet_list forge(kerb::key_usage_t u, const kerb::gss::message_header& clear, const kerb::gss::message_header& inner,
                   kerb::bytes_view m, std::size_t filler, std::size_t rotated) {
    const key k = protection_key();
    const auto shape = must(policy().shape(policy().etype_of(k)));
    octet_list sealed(shape.front, 0x77);
    sealed.insert(sealed.end(), m.begin(), m.end());
    sealed.insert(sealed.end(), filler, 0xa5);
    const auto header = inner.octets();
    sealed.insert(sealed.end(), header.begin(), header.end());
    sealed.insert(sealed.end(), shape.back, 0);
    if (policy().seal(k, u, sealed) != kerb::errc::ok) (void)must(kerb::result<int>(kerb::errc::integrity));
    return put_behind(clear, sealed, rotated);
  }
  /// A Wrap token that is not sealed, the same.
  octet_list forge_signed(kerb::key_usage_t u, const kerb::gss::message_header& clear,
                          const kerb::gss::message_header& covered, kerb::bytes_view m, std::size_t rotated) {
    const key k = protection_key();
    const auto shape = must(policy().cksum_of(policy().etype_of(k)));
    octet_list tag(shape.octets), body(m.begin(), m.end());
    const auto header = covered.octets();
    const kerb::bytes_view pieces[] = {m, header};
    if (policy().sign(shape.type, k, u, pieces, tag) != kerb::errc::ok)
      (void)must(kerb::result<int>(kerb::errc::integrity));
    body.insert(body.end(), tag.begin(), tag.end());
    return put_behind(clear, body, rotated);
  }
  static octet_list put_behind(const kerb::gss::message_header& h, const octet_list& body, std::size_t rotated) {
    const auto octets = h.octets();
    octet_list t(octets.begin(), octets.end());
    const std::size_t n = body.size(), by = n == 0 ? 0 : rotated % n;
    t.insert(t.end(), body.end() - static_cast<std::ptrdiff_t>(by), body.end());
    t.insert(t.end(), body.begin(), body.end() - static_cast<std::ptrdiff_t>(by));
    return t;
  }
};
inline constexpr kerb::gss_flags usual_flags{kerb::gss_flag_t::mutual, kerb::gss_flag_t::replay,
                                             kerb::gss_flag_t::sequence, kerb::gss_flag_t::conf,
                                             kerb::gss_flag_t::integ};
inline constexpr kerb::gss_flags one_way_flags{kerb::gss_flag_t::replay, kerb::gss_flag_t::sequence,
                                               kerb::gss_flag_t::conf, kerb::gss_flag_t::integ};
inline constexpr kerb::gss_flags dce_flags{kerb::gss_flag_t::dce_style, kerb::gss_flag_t::replay,
                                           kerb::gss_flag_t::sequence, kerb::gss_flag_t::conf, kerb::gss_flag_t::integ};

/// The header in front of a token, changed.
inline octet_list with_header(octet_list token, const kerb::gss::message_header& h) {
  const auto octets = h.octets();
  for (std::size_t i = 0; i != octets.size(); ++i) token[i] = octets[i];
  return token;
}
inline kerb::gss::message_header header_of(const octet_list& token) {
  const kerb::bytes_view t(token);
  return must(kerb::gss::read_message_header(t, t[0] == 5 ? kerb::gss_token_t::wrap : kerb::gss_token_t::mic));
}

/// Every bit flipped, every octet missing, an octet too many: each is refused, in both ways of opening, and leaves the
/// context as it was. The length is odd, so that no rotation by a power of two is a whole number of turns.
template <class C>
bool no_change_is_accepted(talk<C>& t, kind_of_message k, bool back) {
  const octet_list m = text(13), token = t.make(k, back, kerb::bytes_view(m));
  const auto refused = [&](const octet_list& changed) {
    return !t.open(k, back, changed, kerb::bytes_view(m)).ok() &&
           !t.open(k, back, changed, kerb::bytes_view(m), true).ok();
  };
  for (std::size_t bit = 0; bit != 8 * token.size(); ++bit) {
    octet_list changed = token;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
    if (!refused(changed)) return false;
  }
  for (std::size_t n = 0; n != token.size(); ++n)
    if (!refused(octet_list(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(n)))) return false;
  octet_list longer = token;
  longer.push_back(0);
  if (!refused(longer)) return false;
  const auto o = t.open(k, back, token, kerb::bytes_view(m));
  return o.ok() && o.message == m && o.seen == kerb::gss::order::in_order;
}
/// Every rotation count up to twice around, those of Windows, and the largest.
template <class C>
bool every_rotation_opens(talk<C>& t, kind_of_message k, bool back, std::size_t size) {
  const octet_list m = text(size);
  const std::size_t n = t.make(k, back, kerb::bytes_view(m)).size() - 16;
  std::vector<std::size_t> counts{12, 28, 65535};
  for (std::size_t r = 0; r <= 2 * n; ++r) counts.push_back(r);
  bool first = true;
  for (const std::size_t r : counts) {
    for (const bool in_place : {false, true}) {
      const octet_list token = t.make(k, back, kerb::bytes_view(m));
      auto h = header_of(token);
      h.rrc = static_cast<std::uint16_t>(r);
      const auto o = t.open(k, back, talk<C>::put_behind(h, octet_list(token.begin() + 16, token.end()), r),
                            kerb::bytes_view(m), in_place);
      if (!o.ok() || o.message != m || o.seen != (first ? kerb::gss::order::gap : kerb::gss::order::in_order))
        return false;
      first = false;
    }
  }
  return true;
}

}  // namespace kerb_test::inline gss_messages_names
