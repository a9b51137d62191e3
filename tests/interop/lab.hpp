// The KDC of these tests, its principals, and short ways to log in to it.
#pragma once
#include <sys/time.h>

#include <cstdio>
#include <kerb/botan.hpp>
#include <memory>
#include <string>
#include <vector>

#include "examples/support/posix_transport.hpp"
#include "examples/support/throwaway_kdc.hpp"
#include "support/catch.hpp"

namespace interop {

using kerb::errc;
using kerb::etype_t;
using policy = kerb::botan::policy;
using example::posix_transport;

inline constexpr etype_t all_etypes[] = {etype_t::aes128_cts_hmac_sha1_96, etype_t::aes256_cts_hmac_sha1_96,
                                         etype_t::aes128_cts_hmac_sha256_128, etype_t::aes256_cts_hmac_sha384_192};

/// A client's name of 300 octets, and one with which a reply is too big for the KDC's limit of a datagram.
inline const std::string name_of_300 = std::string(150, 'l') + "/" + std::string(149, 'm');
inline const std::string name_of_900 = std::string(450, 'n') + "/" + std::string(449, 'o');

inline std::string number(etype_t e) { return std::to_string(static_cast<int>(e)); }

inline example::kdc_setup setup() {
  std::string c;
  auto add = [&](const std::string& options, const std::string& name) {
    c += "addprinc " + options + " " + name + "\n";
  };
  add("+requires_preauth -pw alicepw", "alice");
  add("-requires_preauth -pw bobpw", "bob");
  for (etype_t e : all_etypes) {
    const std::string only = "-e " + std::string(name_of(e)) + ":normal ", n = number(e);
    add(only + "+requires_preauth -pw pw" + n, "p" + n);
    add(only + "-requires_preauth -pw pw" + n, "n" + n);
    add(only + "-pw svcpw" + n, "svc/e" + n);
    c += "setstr svc/e" + n + " session_enctypes " + std::string(name_of(e)) + "\n";
  }
  for (const char* salt : {"special", "norealm", "onlyrealm"}) {
    add(std::string("-e aes256-cts-hmac-sha384-192:") + salt + " +requires_preauth -pw saltpw",
        salt + std::string("-p"));
    add(std::string("-e aes256-cts-hmac-sha1-96:") + salt + " -requires_preauth -pw saltpw", salt + std::string("-n"));
  }
  add("-requires_preauth -pwexpire 2020-01-01 -pw felixpw", "felix");
  add("+requires_preauth -pw longpw", name_of_300);
  add("+requires_preauth -pw longpw", name_of_900);
  add("-pw webpw", "HTTP/web.example.org");
  c += "ktadd -norandkey -k services.keytab HTTP/web.example.org svc/e17 svc/e18 svc/e19 svc/e20\n";
  return {.commands = c, .kdcdefaults = " kdc_max_dgram_reply_size = 3000\n"};
}

/// The KDC; main() makes it before the first test and takes it away after the last.
inline std::unique_ptr<example::throwaway_kdc> kdc;

inline posix_transport wire(bool tcp = false) { return {"127.0.0.1", std::to_string(kdc->port()), tcp}; }
inline kerb::principal name(const std::string& text) {
  return kerb_test::must(kerb::principal::parse(text, "EXAMPLE.ORG"));
}
inline bool is(const kerb::principal_view& p, const std::string& text) {
  const kerb::principal expected = name(text);
  return kerb::same_principal(p, expected);
}
inline kerb::timestamp now(std::int64_t ahead = 0) {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec + ahead}, {static_cast<std::int32_t>(t.tv_usec)}};
}

using storage = std::array<std::uint8_t, 16384>;

/// A client's exchange with all that it needs, and what came of it.
struct held {
  std::unique_ptr<storage> buffer = std::make_unique<storage>();
  kerb::result<kerb::botan::credential> credential = errc::api_misuse;
  unsigned sent = 0;  // requests
  bool used_stream = false;
  kerb::error error() const { return credential.error(); }
  explicit operator bool() const { return credential.has_value(); }
  const kerb::botan::credential& operator*() const { return *credential; }
  const kerb::botan::credential* operator->() const { return &*credential; }
};

struct login {
  std::string client;
  std::string password;
  bool tcp = false;
  std::int64_t clock = 0;  ///< seconds that this client's clock is ahead
  bool follow_kdc_clock = false;
  std::vector<etype_t> etypes{};
  kerb::msg::KdcOptions options{};
  std::optional<std::int64_t> renew_lifetime{};
};

template <class Exchange>
void drive(held& h, Exchange& x, policy& p, bool tcp, std::int64_t clock) {
  posix_transport to = wire(tcp);
  h.credential = kerb::drive(
      x, p, [&] { return now(clock); },
      [&](const kerb::send& s) {
        if (!s.octets.empty()) ++h.sent;
        h.used_stream |= s.via == kerb::transport::stream;
        return to(s);
      });
}
inline held get_tgt(policy& p, const login& l) {
  held h;
  const kerb::principal client = name(l.client);
  kerb::botan::as_client as({.client = client,
                             .password = kerb::secret_view::of(l.password),
                             .buffer = *h.buffer,
                             .options = l.options,
                             .renew_lifetime = l.renew_lifetime,
                             .etypes = l.etypes,
                             .follow_kdc_clock = l.follow_kdc_clock});
  drive(h, as, p, l.tcp, l.clock);
  return h;
}
inline held get_ticket(policy& p, const kerb::botan::credential& tgt, const std::string& service, bool tcp = false,
                       std::int64_t clock = 0, bool subkey = true) {
  held h;
  const kerb::principal server = name(service);
  kerb::botan::tgs_client tgs({.tgt = tgt, .server = server, .buffer = *h.buffer, .subkey = subkey});
  drive(h, tgs, p, tcp, clock);
  return h;
}

}  // namespace interop

namespace Catch {
template <>
struct StringMaker<kerb::errc> {
  static std::string convert(kerb::errc c) { return std::string(kerb::name_of(c)); }
};
template <>
struct StringMaker<kerb::etype_t> {
  static std::string convert(kerb::etype_t e) { return std::string(name_of(e)); }
};
}  // namespace Catch
