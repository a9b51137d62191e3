// The AP exchange that a session begins with, with the libraries' krb5_mk_req and krb5_rd_req.
#include "session_world.hpp"

using namespace sessions;

namespace {

/// Which key each side protects with, as the libraries have settled it. MIT's has one for both directions; Heimdal's
/// has its own and the peer's, each only where that side proposed one.
void check_keys(talk& t) {
  const kerb::session_keys<key>& k = t.keys();
  CHECK(t.peer.heard("session") == text(k.session_key));
  const std::string last = text(k.acceptor_subkey ? k.acceptor_subkey : k.initiator_subkey);
  const std::string initiators = text(k.initiator_subkey), acceptors = text(k.acceptor_subkey);
  const bool heimdal = t.with.is_heimdal;
  CHECK(t.peer.heard("send_subkey") == (!heimdal ? last : t.peer_initiates ? initiators : acceptors));
  CHECK(t.peer.heard("recv_subkey") == (!heimdal ? last : t.peer_initiates ? acceptors : initiators));
  if (k.initiator_seq)
    CHECK(t.peer.heard(t.peer_initiates ? "local_seq" : "remote_seq") == std::to_string(*k.initiator_seq));
  if (k.acceptor_seq)
    CHECK(t.peer.heard(t.peer_initiates ? "remote_seq" : "local_seq") == std::to_string(*k.acceptor_seq));
}

}  // namespace

TEST_CASE("ap_acceptor: we accept what the libraries' krb5_mk_req makes, and they our AP-REP", "[sessions]") {
  const octets covered = interop::of("what the application says"), other = interop::of("what it does not say");
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool mutual : {true, false}) {
        for (const bool initiator_subkey : {true, false}) {
          for (const bool acceptor_subkey : {true, false}) {
            // Only MIT's library offers a list of encryption types, and only where an AP-REP can answer it
            for (const std::string flags : {"q", "qx", "t", "qe"}) {
              if (flags == "qe" && (with.is_heimdal || !mutual)) continue;
              const bool with_data = flags != "t";
              CAPTURE(with.name, e, mutual, initiator_subkey, acceptor_subkey, flags);
              talk t({.with = with,
                      .etype = e,
                      .mutual = mutual,
                      .initiator_subkey = initiator_subkey,
                      .acceptor_subkey = acceptor_subkey,
                      .flags = flags,
                      .covered = with_data ? std::optional(covered) : std::nullopt});
              CHECK(t.keys().initiator_subkey.has_value() == initiator_subkey);
              CHECK(t.keys().acceptor_subkey.has_value() == (acceptor_subkey && mutual));
              CHECK(t.keys().initiator_seq.has_value() == (flags != "t"));
              // RFC 4537: of all that MIT's library offers, the type that we like best
              if (t.keys().acceptor_subkey)
                CHECK(t.keys().acceptor_subkey->etype() == (flags == "qe" ? the_world->crypto.offered()[0] : e));
              check_keys(t);
              CHECK(t.who->verify_checksum(the_world->crypto, covered) ==
                    (with_data ? errc::ok : errc::inappropriate_checksum));
              if (with_data) CHECK(t.who->verify_checksum(the_world->crypto, other) == errc::integrity);

              std::array<std::uint8_t, 8192> buffer{};
              kerb::botan::ap_acceptor again({.service = the_world->of(e).server, .buffer = buffer});
              CHECK(kerb::accept(again, t.request, the_world->crypto, the_world->service_keys, the_world->seen, now())
                        .error()
                        .code == errc::replayed);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("ap_acceptor: what comes from the libraries is refused with any octet of its seals changed", "[sessions]") {
  for (const library& with : libraries()) {
    CAPTURE(with.name);
    const talk t({.with = with, .covered = interop::of("x")});
    const auto req = kerb::asn1::decode<kerb::msg::ApReq>(t.request);
    REQUIRE(req);
    kerb::memory_replay_cache<256> seen;
    for (const bytes_view seal : {req->ticket->enc_part.cipher, req->authenticator.cipher}) {
      const auto at = static_cast<std::size_t>(seal.data() - t.request.data());
      for (std::size_t i = at; i != at + seal.size(); ++i) {
        octets changed = t.request;
        changed[i] ^= 0x10;
        std::array<std::uint8_t, 8192> buffer{};
        kerb::botan::ap_acceptor ap({.buffer = buffer});
        const auto who = kerb::accept(ap, changed, the_world->crypto, the_world->service_keys, seen, now());
        REQUIRE(who.error().code == errc::integrity);
      }
    }
  }
}

TEST_CASE("ap_initiator: the libraries' krb5_rd_req accepts our AP-REQ, and we their AP-REP", "[sessions]") {
  const octets covered = interop::of("what the application says");
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool mutual : {true, false}) {
        for (const bool initiator_subkey : {true, false}) {
          for (const bool acceptor_subkey : {true, false}) {
            for (const std::string flags : {"q", "qu", "t"}) {
              CAPTURE(with.name, e, mutual, initiator_subkey, acceptor_subkey, flags);
              talk t({.with = with,
                      .etype = e,
                      .peer_initiates = false,
                      .mutual = mutual,
                      .initiator_subkey = initiator_subkey,
                      .acceptor_subkey = acceptor_subkey,
                      .flags = flags,
                      .covered = flags == "q" ? std::optional(covered) : std::nullopt});
              CHECK(t.peer.heard("mutual") == (mutual ? "1" : "0"));
              CHECK(t.peer.heard("checksum") == (flags == "q" ? "good" : "none"));
              // MIT's library sends the initiator's subkey back where it proposes none of its own
              CHECK(t.keys().acceptor_subkey.has_value() ==
                    (mutual && (acceptor_subkey || (initiator_subkey && !with.is_heimdal))));
              CHECK(t.keys().acceptor_seq.has_value() == (mutual && flags != "t"));
              check_keys(t);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("ap_initiator: the libraries' krb5_rd_req refuses our AP-REQ with an octet of its seals changed",
          "[sessions]") {
  for (const library& with : libraries()) {
    for (const std::size_t from_end : {1u, 2u, 16u, 60u, 110u, 250u, 280u, 350u}) {
      CAPTURE(with.name, from_end);
      talk t({.with = with, .peer_initiates = false, .change = from_end});
      const auto req = kerb::asn1::decode<kerb::msg::ApReq>(t.request);
      REQUIRE(req);
      const std::size_t at = t.request.size() - from_end;
      const auto in = [&](bytes_view seal) {
        const auto from = static_cast<std::size_t>(seal.data() - t.request.data());
        return at >= from && at < from + seal.size();
      };
      REQUIRE((in(req->ticket->enc_part.cipher) || in(req->authenticator.cipher)));
      CHECK(t.peer.next().rfind("refused 31 ", 0) == 0);
    }
  }
}

TEST_CASE("user-to-user: tickets under a session key are accepted by the libraries, and theirs by us",
          "[sessions][rfc4120-3.7]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {true, false}) {
        CAPTURE(with.name, e, peer_initiates);
        talk t({.with = with, .etype = e, .peer_initiates = peer_initiates, .user_to_user = true});
        if (t.who) CHECK(t.who->user_to_user());
        check_keys(t);
      }
    }
  }
}
