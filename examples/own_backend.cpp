// Your own cryptography: a library for which kerb has no adapter, and a service whose key never leaves a device.
#include <kerb/kerb.hpp>
#include <kerb/testing/realm.hpp>

#include "support/help.hpp"
#include "support/nettle.hpp"
#include "support/story.hpp"

namespace {
using namespace kerb::literals;
using example::nettle_policy;

int report(const kerb::error& e) {
  std::fprintf(stderr, "own_backend: %s\n", log_line(e, kerb::party::client).c_str());
  return 1;
}

/// Represents a device: a key goes in and stays there, and only opened tickets come out. A real device would compute
/// HMACs and AES blocks, or all of unseal(), behind PKCS #11 or a driver.
class device {
 public:
  explicit device(kerb::key k) : key_(std::move(k)) {}
  kerb::etype_t etype() const { return key_.etype(); }
  /// Opens tickets, and nothing else.
  kerb::result<std::span<std::uint8_t>> open(kerb::key_usage_t usage, kerb::bytes_view in,
                                             std::span<std::uint8_t> out) noexcept {
    if (usage != kerb::key_usage_t::ticket) {
      kerb::secure_zero(out);
      return kerb::errc::wrong_usage;
    }
    const auto plain = crypto_.unseal(key_, usage, in, out);
    opened_ += plain.has_value();
    return plain;
  }
  unsigned opened() const { return opened_; }

 private:
  nettle_policy crypto_;
  kerb::key key_;
  unsigned opened_ = 0;
};

/// The program's handle of a key in a device.
struct device_key {
  kerb::ref<device> in;
};

/// The policy of the service. It handles session keys itself, and asks the device for a key in the device.
class service_policy : public nettle_policy {
 public:
  using nettle_policy::etype_of;
  using nettle_policy::seal;
  using nettle_policy::unseal;
  kerb::etype_t etype_of(const device_key& k) const noexcept { return k.in->etype(); }
  kerb::errc seal(const device_key&, kerb::key_usage_t, std::span<std::uint8_t> io) noexcept {
    kerb::secure_zero(io);  // do not leave plaintext that could not be sealed
    return kerb::errc::wrong_usage;
  }
  kerb::result<std::span<std::uint8_t>> unseal(const device_key& k, kerb::key_usage_t usage, kerb::bytes_view in,
                                               std::span<std::uint8_t> out) noexcept {
    return k.in->open(usage, in, out);
  }
};
static_assert(kerb::primitives<example::nettle_primitives> && kerb::crypto_policy<service_policy>);
static_assert(kerb::seals_with<service_policy, device_key>);

/// The service's keys for kerb::accept: one key, which is in the device.
struct keys_in_device {
  device_key k;
  const device_key* find(const kerb::need_ticket_key& ask) {
    return ask.tried == 0 && ask.etype == k.in->etype() && !ask.user_to_user ? &k : nullptr;
  }
  kerb::errc why_none(const kerb::need_ticket_key&) { return kerb::errc::no_key; }
};

int run() {
  const kerb::timestamp noon{{1767268800}, {0}};
  const kerb::secret_view password = kerb::secret_view::of("wonderland");
  const auto alice = kerb::principal::parse("alice@EXAMPLE.ORG"), web = kerb::principal::parse("HTTP/web@EXAMPLE.ORG");
  if (!alice || !web) return 1;
  std::array<std::uint8_t, 8192> buffer1, buffer2, buffer3, buffer4, kdc_buffer;

  nettle_policy p;
  kerb::testing::realm<nettle_policy> realm(p, "EXAMPLE.ORG"_krb, kerb::etype_t::aes256_cts_hmac_sha384_192);
  realm.add_user("alice", password);
  realm.add_service("HTTP/web");
  if (!realm.ready()) return report({.code = kerb::errc::no_space});
  const kerb::key* const service_key = realm.key_of("HTTP/web");
  if (service_key == nullptr) return report({.code = kerb::errc::no_key});
  device card(service_key->copy());
  const auto ask_kdc = realm.ask(noon, kdc_buffer);
  kerb::as_client<nettle_policy> as({.client = *alice, .password = password, .buffer = buffer1});
  const auto tgt = kerb::drive(as, p, noon, ask_kdc);
  if (!tgt) return report(tgt.error());
  kerb::tgs_client<nettle_policy> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2});
  const auto ticket = kerb::drive(tgs, p, noon, ask_kdc);
  if (!ticket) return report(ticket.error());

  service_policy q;
  keys_in_device keys{{card}};
  kerb::memory_replay_cache<32> seen;
  kerb::ap_acceptor<service_policy> acceptor({.service = *web, .mutual = kerb::required, .buffer = buffer4});
  std::optional<kerb::authenticated_client<kerb::key>> who;
  const auto ask_service = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    auto accepted = kerb::accept(acceptor, s.octets, q, keys, seen, noon);
    if (!accepted) return accepted.error();
    who.emplace(std::move(*accepted));
    return kerb::answer(who->reply());
  };
  kerb::ap_initiator<nettle_policy> ap({.credential = *ticket, .buffer = buffer3});
  const auto session = kerb::drive(ap, p, noon, ask_service);
  if (!session) return report(session.error());
  if (!who) return 1;
  std::printf("%s has a session; the device has opened %u ticket\n", example::text_of(who->client()).c_str(),
              card.opened());
  return card.opened() == 1 ? 0 : 1;
}

}  // namespace

constexpr const char* usage =
    "usage: own_backend\n"
    "\n"
    "A crypto policy of your own, over Nettle, and a service whose key stays in a device. It needs no KDC.\n";

int main(int argc, char** argv) { return example::asked_for_help(argc, argv, usage) ? 0 : run(); }
