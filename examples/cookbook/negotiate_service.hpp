// An HTTP service that knows its clients by their tickets, with the keys of a keytab.
#pragma once
#include <kerb/botan.hpp>
#include <string>
#include <vector>

namespace cookbook {

/// What all connections share. The octets of the keytab file must outlive it.
struct http_service {
  explicit http_service(const kerb::keytab_view& keytab) : keys(keytab, crypto) {}
  kerb::botan::policy crypto;
  kerb::keytab_keys<kerb::botan::policy> keys;
  kerb::memory_replay_cache<8192> seen;  // twice the number of requests in ten minutes
};

/// One connection: a negotiation belongs to it, and may take several requests.
class http_connection {
 public:
  explicit http_connection(http_service& s) : s_(s), buffer_(65536), token_(kerb::gss::max_negotiation_token) {}

  /// Takes the value of the field Authorization, empty if there is none. Respond with the status and, unless it is
  /// empty, the field WWW-Authenticate. With status 200, `user` is the client.
  kerb::gss::http_answer answer(std::string_view authorization, kerb::timestamp now, std::string& user) {
    if (!acceptor_) acceptor_.emplace(kerb::gss::negotiate_acceptor_params{.krb5 = {.ap = {.buffer = buffer_}}});
    auto a = kerb::gss::accept_http(*acceptor_, authorization, token_, field_, s_.crypto, s_.keys, s_.seen, now);
    if (a.authenticated()) {
      const auto product = std::move(*acceptor_).take();
      std::array<char, 512> text;
      const auto name =
          to_text(product && product->kerberos ? product->kerberos->initiator() : kerb::principal_view(), text);
      if (name) user = *name;
      else a = {.status = 500, .www_authenticate = {}, .why = name.error()};
    }
    if (a.authenticated() || !a.why.ok()) acceptor_.reset();  // the next request begins anew
    return a;
  }

 private:
  http_service& s_;
  std::vector<std::uint8_t> buffer_, token_;
  std::array<char, 1024> field_;
  std::optional<kerb::botan::gss::negotiate_acceptor> acceptor_;
};

}  // namespace cookbook
