// The security layer of SASL: frames, their sizes, and what ends a session.
#include <kerb/gss/sasl_session.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using octet_array = std::array<std::uint8_t, 600>;
using session = sasl_world::session;

constexpr sasl_world::pair connect(sasl_world& w, const basic_credential<key>& c, sasl_layer l) {
  w.client_layers = {l};
  return must(w.connect(c));
}
constexpr std::uint8_t hello[] = {'h', 'e', 'l', 'l', 'o'};

constexpr bool round_trip(sasl_layer l, bool in_place) {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, l);
  for (int round = 0; round != 3; ++round) {
    for (auto* p : {&ours, &theirs}) {
      session& from = *p;
      session& to = p == &ours ? theirs : ours;
      octet_array octets{};
      const std::size_t n = from.wrap_size(sizeof hello);
      if (in_place) {
        for (std::size_t i = 0; i != sizeof hello; ++i) octets[from.overhead(sizeof hello).front + i] = hello[i];
        if (from.wrap_in_place(std::span(octets).first(n), sizeof hello, w.policy) != errc::ok) return false;
      } else {
        const auto f = from.wrap(hello, octets, w.policy);
        if (!f || f->size() != n) return false;
      }
      const auto size = to.frame_size(octets);
      if (!size || *size != (l == sasl_layer::none ? octets.size() : n)) return false;
      const auto got = to.unwrap_in_place(std::span(octets).first(n), w.policy);
      if (!got || !(bytes_view(*got) == bytes_view(hello))) return false;
    }
  }
  return ours.ended().ok() && theirs.ended().ok();
}
KERB_BOTH("sasl_session: messages arrive as they were sent, in each layer", "[gss][rfc4752-3.3]", [] {
  for (const sasl_layer l : {sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality})
    if (!round_trip(l, false) || !round_trip(l, true)) return false;
  return true;
})
KERB_BOTH("sasl_session: a frame is the length of a token in four octets, and the token", "[gss][rfc4422-3.7]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::confidentiality);
  octet_array octets{};
  const bytes_view f = must(ours.wrap(hello, octets, w.policy));
  return f[0] == 0 && f[1] == 0 && f[2] == 0 && f[3] == f.size() - 4 && f[4] == 5 && f[5] == 4 &&
         ours.overhead(sizeof hello).octets() + sizeof hello == f.size();
})
KERB_BOTH("sasl_session: without a layer octets pass unchanged, whatever they are", "[gss][rfc4752-3.3]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::none);
  octet_array octets{};
  std::uint8_t raw[] = {0xff, 0xff, 0xff, 0xff, 1};
  const bytes_view f = must(ours.wrap(raw, octets, w.policy));
  const auto got = theirs.unwrap_in_place(raw, w.policy);
  return f == bytes_view(raw) && got && got->data() == raw && got->size() == 5 && ours.overhead(5).octets() == 0 &&
         must(ours.frame_size({})) == 0 && must(theirs.unwrap_in_place({}, w.policy)).empty() &&
         ours.wrap_size_limit() > 0xffffffffu / 2;
})

// ---- sizes

constexpr bool respects_sizes(sasl_layer l) {
  sasl_world w;
  w.server_size = 300;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, l);
  octet_array message{}, octets{};
  const std::size_t most = ours.wrap_size_limit();
  const std::size_t n = ours.wrap_size(most);
  if (n != 304 || theirs.wrap_size_limit() + theirs.overhead(0).octets() != 65540) return false;
  // One octet more is the program's mistake, and the session goes on
  if (ours.wrap(bytes_view(message).first(most + 1), octets, w.policy).error().code != errc::api_misuse) return false;
  if (ours.wrap_in_place(std::span(octets).first(n + 1), most + 1, w.policy) != errc::api_misuse) return false;
  // Nor has a frame another size than its message requires
  for (const std::size_t size : {std::size_t{0}, ours.wrap_size(7) - 1, ours.wrap_size(7) + 1})
    if (ours.wrap_in_place(std::span(octets).first(size), 7, w.policy) != errc::api_misuse) return false;
  // A buffer that is too small is told before a number is used
  for (std::size_t room = 0; room != n; ++room) {
    const auto f = ours.wrap(bytes_view(message).first(most), std::span(octets).first(room), w.policy);
    if (f.error().code != errc::no_space || f.error().detail != n) return false;
  }
  const auto f = ours.wrap(bytes_view(message).first(most), octets, w.policy);
  if (!f || f->size() != n || must(theirs.frame_size(*f)) != n) return false;
  const auto got = theirs.unwrap_in_place(std::span(octets).first(n), w.policy);
  return got && got->size() == most;
}
KERB_BOTH("sasl_session: no token is longer than the peer receives", "[gss][rfc4752-3.3][rfc4422-3.7]",
          [] { return respects_sizes(sasl_layer::integrity) && respects_sizes(sasl_layer::confidentiality); })

KERB_BOTH("sasl_session: the size of a frame is known when its length has arrived", "[gss][rfc4422-3.7]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::integrity);
  constexpr std::uint8_t most[] = {0, 0, 0x10, 0, 5}, more[] = {0, 0, 0x10, 1}, huge[] = {0xff, 0xff, 0xff, 0xff};
  for (std::size_t n = 0; n != 4; ++n)
    if (must(theirs.frame_size(bytes_view(most).first(n))) != 0) return false;
  if (must(theirs.frame_size(most)) != 4100 || !theirs.ended().ok()) return false;
  const auto no = theirs.frame_size(more);
  if (!is(no.error(), errc::frame_too_long, "SASL frame", "length") || no.error().detail != 4097) return false;
  const auto never = ours.frame_size(huge);
  return never.error().code == errc::frame_too_long && never.error().detail == 0xffffffff;
})
KERB_BOTH("sasl_session: a session is not made for a peer that can receive nothing", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::integrity);
  octet_array octets{};
  auto in = std::move(ours).release();
  const std::uint32_t around =
      static_cast<std::uint32_t>(must(in.overhead(gss::protection::integrity, w.policy)).octets());
  using gss::sasl_agreement;
  const auto with = [&](std::uint32_t n) { return session::check(in, {sasl_layer::integrity, 4096, n}, w.policy); };
  const auto no = session::make(std::move(in), {sasl_layer::integrity, 4096, around}, w.policy);
  if (!is(no.error(), errc::no_common_layer, "", "size") || !is(with(0), errc::no_common_layer, "", "size"))
    return false;
  if (!with(around + 1).ok()) return false;
  auto again = must(session::make(std::move(in), {sasl_layer::integrity, 4096, around + 1}, w.policy));
  const auto f = again.wrap(bytes_view(hello).first(1), octets, w.policy);
  return f && again.wrap_size_limit() == 1 && theirs.unwrap_in_place(std::span(octets).first(f->size()), w.policy);
})

// ---- what ends a session

struct stream {
  octet_array octets{};
  std::size_t size = 0;
  constexpr std::span<std::uint8_t> all() { return std::span(octets).first(size); }
};
constexpr stream framed(session& by, sasl_world& w) {
  stream s;
  s.size = must(by.wrap(hello, s.octets, w.policy)).size();
  return s;
}
/// A frame that another part of the program made with the session's context.
constexpr stream foreign(gss::context<testing::insecure_policy>& by, gss::protection how, sasl_world& w) {
  stream s;
  const std::size_t n = must(by.wrap(hello, how, std::span(s.octets).subspan(4), w.policy)).size();
  s.octets[3] = static_cast<std::uint8_t>(n);
  s.size = n + 4;
  return s;
}
/// Whether a session is over for this reason.
constexpr bool over(session& s, const error& why, sasl_world& w) {
  const auto same = [&](const error& e) {
    return e.code == why.code && e.detail == why.detail && std::string_view(e.type) == why.type &&
           std::string_view(e.field) == why.field;
  };
  octet_array octets{};
  std::uint8_t more[64]{};
  more[50] = 9;
  return same(s.ended()) && same(s.frame_size({}).error()) && same(s.wrap(hello, octets, w.policy).error()) &&
         same(s.unwrap_in_place(octets, w.policy).error()) && s.wrap_in_place(more, 5, w.policy) == why.code &&
         more[50] == 0;
}
constexpr bool ends(sasl_layer l, auto&& change, const error& expected) {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, l);
  const auto got = change(ours, theirs, w);
  const error e = got.error();
  return e.code == expected.code && e.detail == expected.detail && std::string_view(e.type) == expected.type &&
         std::string_view(e.field) == expected.field && over(theirs, expected, w);
}
constexpr error frame_error(errc c) { return {.code = c, .type = "SASL frame"}; }
constexpr error order_error(errc c, gss::order o) {
  return {.code = c, .detail = static_cast<std::uint32_t>(o), .type = "Wrap token", .field = "SND_SEQ"};
}
constexpr bool each(auto&& change, const error& expected) {
  return ends(sasl_layer::integrity, change, expected) && ends(sasl_layer::confidentiality, change, expected);
}

KERB_BOTH("sasl_session: a repeated message ends it", "[gss][rfc4752-3.3]", [] {
  return each(
      [](session& ours, session& theirs, sasl_world& w) {
        stream f = framed(ours, w), same = f;
        (void)must(theirs.unwrap_in_place(f.all(), w.policy));
        return theirs.unwrap_in_place(same.all(), w.policy);
      },
      order_error(errc::replayed, gss::order::duplicate));
})
KERB_BOTH("sasl_session: in a context without the flags of order and replay, a repeated or lost message ends it too",
          "[gss][rfc4752-3.3]", [] {
            const auto opens = [](sasl_layer l, bool repeated) {
              sasl_world w;
              w.flags = {gss_flag_t::mutual, gss_flag_t::conf, gss_flag_t::integ};
              const auto c = w.credential();
              auto p = w.establish(c);
              const gss::sasl_agreement a{l, 4096, 4096};
              session ours = must(session::make(std::move(p.ours), a, w.policy));
              session theirs = must(session::make(std::move(p.theirs), a, w.policy));
              stream first = framed(ours, w), same = first;
              (void)framed(ours, w);
              stream third = framed(ours, w);
              if (!theirs.unwrap_in_place(first.all(), w.policy)) return errc::api_misuse;
              return theirs.unwrap_in_place((repeated ? same : third).all(), w.policy).error().code;
            };
            for (const sasl_layer l : {sasl_layer::integrity, sasl_layer::confidentiality})
              if (opens(l, true) != errc::replayed || opens(l, false) != errc::bad_order) return false;
            return true;
          })
KERB_BOTH("sasl_session: a lost message ends it", "[gss][rfc4752-3.3]", [] {
  return each(
      [](session& ours, session& theirs, sasl_world& w) {
        (void)framed(ours, w);
        stream f = framed(ours, w);
        return theirs.unwrap_in_place(f.all(), w.policy);
      },
      order_error(errc::bad_order, gss::order::gap));
})
KERB_BOTH("sasl_session: a message of before the session ends it", "[gss][rfc4752-3.3]", [] {
  sasl_world w;
  w.client_layers = {sasl_layer::integrity};
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  const bytes_view choice = w.token(p.theirs, {2, 4096});
  stream f;
  f.octets[3] = static_cast<std::uint8_t>(choice.size());
  for (std::size_t i = 0; i != choice.size(); ++i) f.octets[4 + i] = choice[i];
  f.size = choice.size() + 4;
  if (!is<gss::authorize_as>(p.ours.receive(choice, w.turn())) || !is<done>(p.ours.allow(w.turn()))) return false;
  auto s = must(std::move(p.ours).take());
  const auto got = s.unwrap_in_place(f.all(), w.policy);
  return is(got.error(), errc::replayed, "Wrap token", "SND_SEQ");
})
KERB_BOTH("sasl_session: a message of this side that comes back ends it", "[gss]", [] {
  return each(
      [](session&, session& theirs, sasl_world& w) {
        stream f = framed(theirs, w);
        return theirs.unwrap_in_place(f.all(), w.policy);
      },
      {.code = errc::reflected_token, .type = "Wrap token", .field = "Flags"});
})
KERB_BOTH("sasl_session: a token that does not open ends it", "[gss][rfc4752-3.3]", [] {
  const auto change = [](session& ours, session& theirs, sasl_world& w) {
    stream f = framed(ours, w);
    f.octets[f.size - 1] ^= 1;
    return theirs.unwrap_in_place(f.all(), w.policy);
  };
  return ends(sasl_layer::integrity, change, {.code = errc::integrity, .type = "Wrap token", .field = "checksum"}) &&
         ends(sasl_layer::confidentiality, change, {.code = errc::integrity, .type = "Wrap token", .field = ""});
})
KERB_BOTH("sasl_session: another number of octets than the length says ends it", "[gss][rfc4422-3.7]", [] {
  const auto cut = [](std::size_t to) {
    return [to](session& ours, session& theirs, sasl_world& w) {
      stream f = framed(ours, w);
      return theirs.unwrap_in_place(f.all().first(to), w.policy);
    };
  };
  const auto more = [](session& ours, session& theirs, sasl_world& w) {
    stream f = framed(ours, w);
    return theirs.unwrap_in_place(std::span(f.octets).first(f.size + 1), w.policy);
  };
  for (std::size_t n = 0; n != 25; ++n)
    if (!each(cut(n), frame_error(errc::truncated))) return false;
  return each(more, frame_error(errc::trailing_data));
})
KERB_BOTH("sasl_session: a frame of no octets ends it", "[gss][rfc4422-3.7]", [] {
  return each(
      [](session&, session& theirs, sasl_world& w) {
        std::uint8_t nothing[4]{};
        return theirs.unwrap_in_place(nothing, w.policy);
      },
      {.code = errc::truncated, .type = "Wrap token", .field = ""});
})
KERB_BOTH("sasl_session: a message that is not encrypted ends a session with confidentiality", "[gss][rfc4752-3.3]",
          [] {
            sasl_world w;
            const auto c = w.credential();
            auto [ours, theirs] = connect(w, c, sasl_layer::confidentiality);
            auto in = std::move(ours).release();
            stream f = foreign(in, gss::protection::integrity, w);
            const auto got = theirs.unwrap_in_place(f.all(), w.policy);
            return is(got.error(), errc::not_sealed, "Wrap token", "Flags") &&
                   over(theirs, {.code = errc::not_sealed, .type = "Wrap token", .field = "Flags"}, w) &&
                   !holds(f.octets, hello);
          })
KERB_BOTH("sasl_session: a message may be encrypted in a session with integrity", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::integrity);
  auto in = std::move(ours).release();
  stream f = foreign(in, gss::protection::confidentiality, w);
  const auto got = theirs.unwrap_in_place(f.all(), w.policy);
  return got && bytes_view(*got) == bytes_view(hello) && theirs.ended().ok();
})
KERB_BOTH("sasl_session: a message of another session ends it", "[gss]", [] {
  sasl_world w, v;
  w.client_layers = v.client_layers = {sasl_layer::integrity};
  v.now.usec.count = 7;  // another authenticator; random octets of v differ too
  std::array<std::uint8_t, 8> drop{};
  (void)v.policy.fill(drop);
  const auto c = w.credential(), d = v.credential();
  auto a = must(w.connect(c));
  auto b = must(v.connect(d));
  stream f = framed(b.ours, v);
  return !a.theirs.unwrap_in_place(f.all(), w.policy) && !a.theirs.ended().ok();
})

KERB_AT_RUN_TIME("sasl_session: every bit of a frame counts", "[gss]", [] {
  for (const sasl_layer l : {sasl_layer::integrity, sasl_layer::confidentiality}) {
    sasl_world w;
    const auto c = w.credential();
    std::size_t n = 1;
    for (std::size_t bit = 0; bit != 8 * n; ++bit) {
      auto [ours, theirs] = connect(w, c, l);
      stream f = framed(ours, w);
      n = f.size;
      f.octets[bit / 8] = static_cast<std::uint8_t>(f.octets[bit / 8] ^ (1u << bit % 8));
      const std::size_t rrc = std::size_t{f.octets[10]} << 8 | f.octets[11];  // nothing covers it; a full turn is none
      const auto got = theirs.unwrap_in_place(f.all(), w.policy);
      if (got.has_value() && (rrc == 0 || rrc % (n - 20) != 0)) return false;
      if (got.has_value() && !(bytes_view(*got) == bytes_view(hello))) return false;
    }
  }
  return true;
})
KERB_BOTH("sasl_session: one that was moved from makes and opens nothing", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto [ours, theirs] = connect(w, c, sasl_layer::confidentiality);
  octet_array octets{};
  stream f = framed(theirs, w);
  session moved(std::move(ours));
  const bool shut = ours.wrap(hello, octets, w.policy).error().code == errc::api_misuse &&
                    !ours.unwrap_in_place(stream(f).all(), w.policy);
  return shut && moved.unwrap_in_place(f.all(), w.policy) && moved.wrap(hello, octets, w.policy);
})

TEST_CASE("sasl: exchange and session do not allocate", "[gss]") {
  sasl_world w;
  const auto c = w.credential();
  bool good = false;
  {
    no_allocations none;
    auto [ours, theirs] = connect(w, c, sasl_layer::confidentiality);
    octet_array octets{};
    good = true;
    for (int i = 0; i != 3; ++i) {
      const auto f = ours.wrap(hello, octets, w.policy);
      good = good && f && theirs.unwrap_in_place(std::span(octets).first(f->size()), w.policy);
    }
  }
  CHECK(good);
}

}  // namespace
