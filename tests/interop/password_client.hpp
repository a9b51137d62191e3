// Our client of password services, for the tests with services of others.
#pragma once
#include <sys/time.h>

#include <kerb/botan.hpp>
#include <memory>
#include <string>
#include <vector>

#include "examples/support/posix_transport.hpp"
#include "support/catch.hpp"
#include "support/must.hpp"

namespace passwords {

using kerb::errc;
using policy = kerb::botan::policy;

inline constexpr std::uint16_t set = kerb::kpasswd_frame::set_version;

inline kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}

/// A ticket, or why there is none.
struct ticket {
  std::unique_ptr<std::array<std::uint8_t, 16384>> buffer = std::make_unique<std::array<std::uint8_t, 16384>>();
  kerb::result<kerb::botan::credential> credential = errc::api_misuse;
  explicit operator bool() const { return credential.has_value(); }
};
/// A change of a password.
struct wish {
  std::string password;
  std::uint16_t version = kerb::kpasswd_frame::change_version;
  std::string target{};
  bool tcp = false;
};
/// What came of it.
struct outcome {
  errc why = errc::ok;
  kerb::kpasswd_result_t code{};
  std::string text;
};

/// A realm, by the ports of its KDC and of its password service on this machine.
struct realm {
  std::string name;
  std::string kdc, kpasswd;

  kerb::principal parsed(const std::string& text) const { return kerb_test::must(kerb::principal::parse(text, name)); }

  /// A login, for a ticket to the password service or to another server.
  ticket login(policy& p, const std::string& client, const std::string& password,
               const std::string& server = "kadmin/changepw") const {
    ticket t;
    const kerb::principal who = parsed(client), to = parsed(server);
    kerb::as_params<kerb::key> params{.client = who, .buffer = *t.buffer};
    params.password = kerb::secret_view::of(password);
    params.server = to;
    kerb::botan::as_client as(params);
    example::posix_transport wire("127.0.0.1", kdc);
    t.credential = kerb::drive(
        as, p, [] { return now(); }, wire);
    return t;
  }
  bool logs_in(policy& p, const std::string& client, const std::string& password) const {
    return static_cast<bool>(login(p, client, password, "krbtgt/" + name));
  }
  outcome change(policy& p, const kerb::botan::credential& with, const wish& w) const {
    std::vector<std::uint8_t> buffer(kerb::botan::kpasswd_client::typical_buffer_size);
    const kerb::principal target = parsed(w.target.empty() ? "nobody" : w.target);
    kerb::kpasswd_params<kerb::key> params{
        .credential = with, .new_password = kerb::secret_view::of(w.password), .buffer = buffer};
    params.version = w.version;
    if (!w.target.empty()) params.target = target;
    kerb::botan::kpasswd_client x(std::move(params));
    example::posix_transport wire("127.0.0.1", kpasswd, w.tcp);
    auto step = x.start({p, now(), {}});
    REQUIRE(kerb::is<kerb::send>(step));
    CHECK(std::string(buffer.begin(), buffer.end()).find(w.password) == std::string::npos);
    const auto answer = wire(std::get<kerb::send>(step));
    REQUIRE(answer);
    step = x.receive(answer->octets, {p, now(), {}}, answer->arrived);
    outcome o;
    if (const auto* no = std::get_if<kerb::password_refused>(&step)) {
      o = {no->why.code, no->code, {no->text.octets.begin(), no->text.octets.end()}};
    } else if (const auto* f = std::get_if<kerb::failed>(&step)) {
      o.why = f->why.code;
      if (const auto said = x.peer_result()) o.code = said->code, o.text = {said->text.begin(), said->text.end()};
    } else {
      REQUIRE(kerb::is<kerb::done>(step));
    }
    return o;
  }
};

}  // namespace passwords
