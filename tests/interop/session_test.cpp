// KRB-SAFE and KRB-PRIV with the libraries' krb5_mk_safe, krb5_rd_safe, krb5_mk_priv and krb5_rd_priv.
#include "session_world.hpp"

using namespace sessions;
using kerb::freshness;

namespace {

/// The numbers of errors that both libraries have from the protocol, RFC 4120 section 7.5.9.
constexpr int integrity = 31, repeated = 34, skewed = 37, bad_address = 38, bad_order = 42;

/// Several messages of both kinds and of many sizes, both ways.
void converse(talk& t, ours& we) {
  for (const std::size_t size : {5u, 0u, 1u, 47u, 300u}) {
    for (const kind k : {kind::safe, kind::priv, kind::priv, kind::safe}) {
      CAPTURE(size, word(k));
      octets data(size);
      for (std::size_t i = 0; i != size; ++i) data[i] = static_cast<std::uint8_t>(i + size);
      REQUIRE(opened_by(t, k, we.make(k, data)) == "data " + hex(data));
      data.push_back(7);
      CHECK(we.open(k, made_by(t, k, data)) == errc::ok);
      CHECK(we.opened == data);
    }
  }
}

}  // namespace

TEST_CASE("protected_session: KRB-SAFE and KRB-PRIV go to the libraries and come from them", "[sessions]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {true, false}) {
        for (const int subkeys : {0, 1, 2}) {  // none, the initiator's, both
          for (const freshness f : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
            CAPTURE(with.name, e, peer_initiates, subkeys, flags_of(f));
            talk t({.with = with,
                    .etype = e,
                    .peer_initiates = peer_initiates,
                    .initiator_subkey = subkeys > 0,
                    .acceptor_subkey = subkeys > 1,
                    .flags = flags_of(f)});
            place(t, peer_place, our_place);
            ours we(t, at_addresses(with, f));
            converse(t, we);
          }
        }
      }
    }
  }
}

TEST_CASE("protected_session: keys of a type that was negotiated protect messages with MIT's library and back",
          "[sessions][rfc4537-1]") {
  for (const library& with : libraries()) {
    if (with.is_heimdal) continue;  // it offers a list of types in GSS-API's requests alone
    for (const etype_t e : all_etypes) {
      CAPTURE(e);
      talk t({.with = with, .etype = e, .flags = "qe"});
      REQUIRE(t.keys().acceptor_subkey);
      CHECK(t.keys().acceptor_subkey->etype() == the_world->crypto.offered()[0]);
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with));
      converse(t, we);
    }
  }
}

TEST_CASE("protected_session: messages that say their direction instead of addresses go to MIT's library and back",
          "[sessions][rfc4120-7.1]") {
  for (const library& with : libraries()) {
    if (with.is_heimdal) continue;
    for (const bool peer_initiates : {true, false}) {
      for (const freshness f : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
        CAPTURE(peer_initiates, flags_of(f));
        talk t({.with = with, .peer_initiates = peer_initiates, .flags = flags_of(f)});
        // MIT's library names the recipient too when it is told where that is
        const bool names_recipient = f == freshness::both;
        const std::string its = peer_initiates ? initiators_place : acceptors_place;
        place(t, its, names_recipient ? peer_initiates ? acceptors_place : initiators_place : no_place);
        ours we(t, {.here = kerb::side::initiator, .by = f});
        converse(t, we);
      }
    }
  }
}

// Heimdal 7.8 compares no address of a type that it does not know, and the directional one is such: whatever is
// compared with it differs. Told only where it is itself, it compares nothing that we send.
TEST_CASE("protected_session: Heimdal's library sends directional addresses and does not understand them",
          "[sessions][rfc4120-7.1]") {
  for (const library& with : libraries()) {
    if (!with.is_heimdal) continue;
    for (const bool peer_initiates : {true, false}) {
      CAPTURE(peer_initiates);
      const std::string its = peer_initiates ? initiators_place : acceptors_place;
      talk t({.with = with, .peer_initiates = peer_initiates});
      place(t, its, no_place);
      ours we(t, {.here = kerb::side::initiator, .keys = keys_of(with)});
      converse(t, we);
      place(t, its, peer_initiates ? acceptors_place : initiators_place);
      for (const kind k : {kind::safe, kind::priv}) {
        CHECK(we.open(k, made_by(t, k, {1, 2})) == errc::ok);
        CHECK(code(opened_by(t, k, we.make(k, {1, 2}))) == bad_address);
      }
    }
  }
}

// Heimdal's library leaves s-address out, which is not OPTIONAL, until it is told an address; MIT's makes no message.
TEST_CASE("protected_session: a message without a sender's address is refused", "[sessions][rfc4120-5.6.1]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with});
    ours we(t, at_addresses(with));
    for (const kind k : {kind::safe, kind::priv}) {
      if (!with.is_heimdal) {
        CHECK(t.peer.ask(word(k) + " 00").rfind("failed ", 0) == 0);
      } else {
        CHECK(we.open(k, made_by(t, k, {0})) == errc::missing_field);
        CHECK(opened_by(t, k, we.make(k, {0})) == "data 00");
      }
    }
  }
}

TEST_CASE("protected_session: addresses that are not the session's are refused, by us and by the libraries",
          "[sessions][rfc4120-3.4.2]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with});
      ours we(t, at_addresses(with));
      place(t, "2/c0000209", our_place);
      CHECK(we.open(k, made_by(t, k, {1})) == errc::address_mismatch);
      CHECK(code(opened_by(t, k, we.make(k, {1}))) == bad_address);
      place(t, peer_place, "2/c0000209");
      CHECK(we.open(k, made_by(t, k, {1})) == errc::address_mismatch);
      CHECK(code(opened_by(t, k, we.make(k, {1}))) == bad_address);
    }
  }
}

TEST_CASE("protected_session: a recipient's address can be demanded, and the libraries name it where they are told",
          "[sessions][rfc4120-3.4.2]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with});
      kerb::session_options o = at_addresses(with);
      o.demand_recipient = true;
      ours we(t, o);
      place(t, peer_place, no_place);
      const octets nowhere = made_by(t, k, {1});
      CHECK(we.open(k, nowhere) == errc::address_mismatch);
    }
    talk t({.with = with});
    kerb::session_options o = at_addresses(with);
    o.demand_recipient = true;
    ours we(t, o);
    place(t, peer_place, our_place);
    converse(t, we);
  }
}

// Three of the libraries' habits show here. MIT's looks at a message's type in its tag alone, and takes any msg-type
// inside. Heimdal's does not look at the etype of a KRB-PRIV. And its krb5_rd_safe counts a message before it has
// verified it, so that after a forged one it is told where to go on.
TEST_CASE("protected_session: a message with any octet changed is refused, by us and by the libraries", "[sessions]") {
  constexpr std::size_t msg_type_octet = 13, etype_octet = 22;
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const kind k : {kind::safe, kind::priv}) {
        CAPTURE(with.name, e, word(k));
        talk t({.with = with, .etype = e});
        place(t, peer_place, our_place);
        ours we(t, at_addresses(with));
        const octets data = interop::of("hello"), theirs = made_by(t, k, data);
        octets sent = we.make(k, data);
        REQUIRE(sent.size() < 128);  // so that the octets above are where they are
        for (std::size_t i = 0; i != theirs.size(); ++i) {
          octets changed = theirs;
          changed[i] ^= static_cast<std::uint8_t>(1u << i % 8);
          CAPTURE(i);
          CHECK(we.open(k, changed) != errc::ok);
        }
        CHECK(we.open(k, theirs) == errc::ok);
        for (std::size_t i = 0; i != sent.size(); ++i) {
          octets changed = sent;
          changed[i] ^= static_cast<std::uint8_t>(1u << i % 8);
          CAPTURE(i);
          const int no = code(opened_by(t, k, changed));
          const bool habit = with.is_heimdal ? k == kind::priv && i == etype_octet : i == msg_type_octet;
          CHECK((no == 0) == habit);
          if (habit) sent = we.make(k, data);
          if (with.is_heimdal && k == kind::safe) {
            CHECK(t.peer.ask("count 1 " + std::to_string(*we.session().next_sent() - 1)) == "set");
          }
        }
        CHECK(opened_by(t, k, sent) == "data " + hex(data));
      }
    }
  }
}

TEST_CASE("protected_session: after a forged KRB-SAFE the true one opens, but not in Heimdal's library", "[sessions]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with});
    place(t, peer_place, our_place);
    ours we(t, at_addresses(with));
    const octets theirs = made_by(t, kind::safe, {1}), sent = we.make(kind::safe, {1});
    octets forged = theirs;
    forged.back() ^= 1;
    CHECK(we.open(kind::safe, forged) == errc::integrity);
    CHECK(we.open(kind::safe, theirs) == errc::ok);
    forged = sent;
    forged.back() ^= 1;
    CHECK(code(opened_by(t, kind::safe, forged)) != 0);
    CHECK(code(opened_by(t, kind::safe, sent)) == (with.is_heimdal ? bad_order : 0));
  }
}

TEST_CASE("protected_session: with sequence numbers every message opens once, and in its turn", "[sessions]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {true, false}) {
      for (const freshness f : {freshness::sequence_numbers, freshness::both}) {
        for (const kind k : {kind::safe, kind::priv}) {
          CAPTURE(with.name, peer_initiates, flags_of(f), word(k));
          talk t({.with = with, .peer_initiates = peer_initiates, .flags = flags_of(f)});
          place(t, peer_place, our_place);
          ours we(t, at_addresses(with, f));
          const octets a = made_by(t, k, {1}), b = made_by(t, k, {2}), c = made_by(t, k, {3});
          CHECK(we.open(k, b) == errc::bad_order);
          CHECK(we.open(k, a) == errc::ok);
          CHECK(we.open(k, a) == errc::bad_order);
          CHECK(we.open(k, c) == errc::bad_order);
          CHECK(we.open(k, b) == errc::ok);
          CHECK(we.open(k, c) == errc::ok);
          CHECK(we.opened == octets{3});

          const octets x = we.make(k, {1}), y = we.make(k, {2}), z = we.make(k, {3});
          CHECK(we.open(k, x) != errc::ok);  // our own, come back
          CHECK(opened_by(t, k, x) == "data 01");
          // With timestamps too, MIT's library asks its replay cache first, which remembers what it refused as well
          const bool remembers = f == freshness::both && !with.is_heimdal;
          CHECK(code(opened_by(t, k, x)) == (remembers ? repeated : bad_order));
          CHECK(code(opened_by(t, k, z)) == bad_order);
          CHECK(opened_by(t, k, y) == "data 02");
          if (remembers) {
            CHECK(code(opened_by(t, k, z)) == repeated);
          } else {
            CHECK(opened_by(t, k, z) == "data 03");
          }
          CHECK(code(opened_by(t, k, a)) != 0);
        }
      }
    }
  }
}

// Heimdal's library has no replay cache for messages: with timestamps alone it takes one again.
TEST_CASE("protected_session: with timestamps a message opens once, in any order", "[sessions]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with, .flags = "t"});
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with, freshness::timestamps));
      const octets a = made_by(t, k, {1}), b = made_by(t, k, {2});
      CHECK(we.open(k, b) == errc::ok);
      CHECK(we.open(k, a) == errc::ok);
      CHECK(we.open(k, b) == errc::replayed);
      CHECK(we.open(k, a) == errc::replayed);
      const octets x = we.make(k, {1}), y = we.make(k, {2});
      CHECK(we.open(k, x) != errc::ok);
      CHECK(opened_by(t, k, y) == "data 02");
      CHECK(opened_by(t, k, x) == "data 01");
      CHECK(code(opened_by(t, k, y)) == (with.is_heimdal ? 0 : repeated));
    }
  }
}

TEST_CASE("protected_session: a message of ten minutes ago or ahead is refused, by us and by the libraries",
          "[sessions]") {
  for (const library& with : libraries()) {
    for (const freshness f : {freshness::timestamps, freshness::both}) {
      for (const kind k : {kind::safe, kind::priv}) {
        CAPTURE(with.name, flags_of(f), word(k));
        talk t({.with = with, .flags = flags_of(f)});
        place(t, peer_place, our_place);
        ours we(t, at_addresses(with, f));
        const octets theirs = made_by(t, k, {1});
        CHECK(we.open(k, theirs, 600) == errc::clock_skew);
        CHECK(we.open(k, theirs, -600) == errc::clock_skew);
        CHECK(we.open(k, theirs, 290) == errc::ok);
        CHECK(code(opened_by(t, k, we.make(k, {1}, 600))) == skewed);
      }
    }
  }
}

TEST_CASE("protected_session: what the libraries send without a time or a number is refused where we demand it",
          "[sessions]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with, .flags = "qt"});
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with, freshness::both));
      CHECK(t.peer.ask("flags -") == "set");
      CHECK(we.open(k, made_by(t, k, {1})) == errc::no_freshness);
      CHECK(t.peer.ask("flags q") == "set");
      CHECK(we.open(k, made_by(t, k, {1})) == errc::clock_skew);
      CHECK(t.peer.ask("flags t") == "set");
      CHECK(we.open(k, made_by(t, k, {1})) == errc::bad_order);
    }
  }
}

TEST_CASE("protected_session: a message of one session is refused in another with the same ticket", "[sessions]") {
  for (const library& with : libraries()) {
    for (const bool subkeys : {true, false}) {
      for (const kind k : {kind::safe, kind::priv}) {
        CAPTURE(with.name, subkeys, word(k));
        const setting s{.with = with, .initiator_subkey = subkeys, .acceptor_subkey = subkeys};
        talk t(s), other(s);
        place(t, peer_place, our_place);
        place(other, peer_place, our_place);
        ours we(t, at_addresses(with)), there(other, at_addresses(with));
        const errc why = subkeys ? errc::integrity : errc::bad_order;
        CHECK(we.open(k, made_by(other, k, {1})) == why);
        CHECK(code(opened_by(t, k, there.make(k, {1}))) != 0);
        if (k == kind::priv) CHECK(code(opened_by(t, k, there.make(k, {1}))) == (subkeys ? integrity : bad_order));
      }
    }
  }
}

// The keys of RFC 4120 section 3.2.6: MIT's library protects with the last one that was proposed, whoever did;
// Heimdal's sends with its own subkey and opens with the peer's.
TEST_CASE("protected_session: where both sides propose a subkey the libraries differ, and one must choose",
          "[sessions]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {true, false}) {
      for (const kind k : {kind::safe, kind::priv}) {
        CAPTURE(with.name, peer_initiates, word(k));
        talk t({.with = with, .peer_initiates = peer_initiates});
        place(t, peer_place, our_place);
        kerb::session_options wrong = at_addresses(with);
        wrong.keys = with.is_heimdal ? kerb::key_choice::last_negotiated : kerb::key_choice::own_subkey;
        ours we(t, wrong);
        // The acceptor's own subkey is also the last: only what the initiator sends is under another
        CHECK(we.open(k, made_by(t, k, {1})) == (peer_initiates ? errc::integrity : errc::ok));
        CHECK((code(opened_by(t, k, we.make(k, {1}))) == 0) == peer_initiates);
      }
    }
  }
}

TEST_CASE("protected_session: messages of 60,000 octets go to the libraries and back", "[sessions]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with});
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with));
      const octets data(60000, 0xa5);
      CHECK((opened_by(t, k, we.make(k, data)) == "data " + hex(data)));
      CHECK(we.open(k, made_by(t, k, data)) == errc::ok);
      CHECK((we.opened == data));
    }
  }
}

TEST_CASE("protected_session: an IPv4 address out of an IPv6 socket is what the libraries know as IPv4",
          "[sessions][rfc4120-7.1]") {
  constexpr std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2};
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with});
    place(t, peer_place, our_place);
    kerb::session_options o = at_addresses(with);
    o.local = kerb::msg::HostAddress{kerb::addr_t::ipv6, bytes_view(mapped)};
    ours we(t, o);
    converse(t, we);
  }
}

TEST_CASE("protected_session: IPv6 addresses go to the libraries and back", "[sessions][rfc4120-7.5.3]") {
  constexpr std::uint8_t here[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  constexpr std::uint8_t there[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    talk t({.with = with});
    place(t, "24/" + hex(there), "24/" + hex(here));
    kerb::session_options o = at_addresses(with);
    o.local = kerb::msg::HostAddress{kerb::addr_t::ipv6, bytes_view(here)};
    o.peer = kerb::msg::HostAddress{kerb::addr_t::ipv6, bytes_view(there)};
    ours we(t, o);
    converse(t, we);
  }
}

// An acceptor that sent no AP-REP: MIT's counts from the initiator's number, Heimdal's from zero. Initiators of both
// expect it to count from zero: MIT's krb5_mk_req and krb5_rd_req, which are one library, do not agree.
TEST_CASE("protected_session: without mutual authentication the libraries count from where we are told they do",
          "[sessions]") {
  for (const library& with : libraries()) {
    for (const bool peer_initiates : {true, false}) {
      for (const bool subkey : {true, false}) {
        CAPTURE(with.name, peer_initiates, subkey);
        const setting s{.with = with, .peer_initiates = peer_initiates, .mutual = false, .initiator_subkey = subkey};
        const bool zero = with.is_heimdal || peer_initiates;
        kerb::session_options o = at_addresses(with);
        o.acceptor_seq = zero ? kerb::unnamed_sequence::zero : kerb::unnamed_sequence::as_initiator;
        talk t(s);
        place(t, peer_place, our_place);
        ours we(t, o);
        converse(t, we);

        talk other(s);
        place(other, peer_place, our_place);
        o.acceptor_seq = zero ? kerb::unnamed_sequence::as_initiator : kerb::unnamed_sequence::zero;
        ours wrong(other, o);
        const octets theirs = made_by(other, kind::priv, {1});
        CHECK(wrong.open(kind::priv, theirs) == (peer_initiates ? errc::ok : errc::bad_order));
        CHECK(code(opened_by(other, kind::priv, wrong.make(kind::priv, {1}))) == (peer_initiates ? bad_order : 0));
      }
    }
  }
}

// Where the encoding of a number gets longer, where older libraries took it for a negative one, and where the count
// begins anew.
TEST_CASE("protected_session: numbers of every length and of all 32 bits go to the libraries and back",
          "[sessions][rfc4120-5.2.4]") {
  for (const library& with : libraries()) {
    for (const std::uint32_t first :
         {0x7du, 0xfdu, 0x7ffdu, 0xfffdu, 0x7ffffdu, 0xfffffdu, 0x7ffffffdu, 0xff7ffffdu, 0xfffffffdu}) {
      CAPTURE(with.name, first);
      talk t({.with = with, .peer_initiates = false, .mutual = false, .number = first});
      place(t, peer_place, our_place);
      ours we(t, at_addresses(with));
      if (with.is_heimdal) {
        CHECK(t.peer.ask("count " + std::to_string(first) + " " + std::to_string(first)) == "set");
      }
      converse(t, we);
    }
  }
}

// An acceptor that is told of sequence numbers only after its AP-REP, which named none: both libraries' count from
// zero. MIT's leaves a number of zero out of its message.
TEST_CASE("protected_session: after an AP-REP without a number the libraries count from zero", "[sessions]") {
  for (const library& with : libraries()) {
    for (const kind k : {kind::safe, kind::priv}) {
      CAPTURE(with.name, word(k));
      talk t({.with = with, .peer_initiates = false, .flags = "-"});
      CHECK(!t.keys().acceptor_seq);
      CHECK(t.peer.ask("flags q") == "set");
      place(t, peer_place, our_place);
      kerb::session_options o = at_addresses(with);
      o.acceptor_seq = kerb::unnamed_sequence::zero;
      ours we(t, o);
      const octets first = made_by(t, k, {1});
      if (k == kind::safe) {
        const auto m = kerb::asn1::decode<kerb::msg::KrbSafe>(first);
        REQUIRE(m);
        CHECK(m->safe_body->seq_number.has_value() == with.is_heimdal);
      }
      CHECK(we.open(k, first) == errc::ok);
      CHECK(we.open(k, first) != errc::ok);
      converse(t, we);
    }
  }
}
