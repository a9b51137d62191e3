// A realm in memory, for tests of clients and services: principals with keys, and the database for a KDC exchange.
#pragma once
#include "../exchange/drive.hpp"
#include "../exchange/kdc/serve.hpp"
#include "../exchange/salt.hpp"
#include "../format/principal.hpp"

namespace kerb::inline v0::testing {

/// Up to N principals of one realm, with one key each, stored in place. It cannot be moved, because
/// records contain views of it. Keys are made from passwords, or from the policy's random source,
/// which in a test is not secret.
template <crypto_policy C, std::size_t N = 8>
class realm {
 public:
  using key = typename C::key;

  /// The realm's own krbtgt is present from the start. `name` must outlive the realm.
  constexpr realm(C& crypto, kerberos_string name, etype_t etype) : policy_(crypto), etype_(etype) {
    settings.realm = name;
    const kerberos_string parts[] = {"krbtgt"_krb, name};
    ready_ = no_client(add_key({{name_t::srv_inst, view_of<kerberos_string>(parts)}, name})).ok();
  }
  realm(const realm&) = delete;
  realm& operator=(const realm&) = delete;

  kdc_policy settings;  ///< the settings of its KDC

  /// Whether everything that was added found space and got a key.
  constexpr bool ready() const { return ready_; }
  /// Adds a user, for example "alice", with a key made from a password and the default salt. It
  /// only accepts user-to-user tickets (principal_attribute::user_to_user_only), because an
  /// attacker can guess passwords with an ordinary ticket to it.
  constexpr bool add_user(std::string_view name, secret_view password, flags<principal_attribute> attributes = {}) {
    return note(add_text(
        name, [&](const principal_view& p) { return add_password(p, password); },
        attributes | flags{principal_attribute::user_to_user_only}));
  }
  /// Adds a service with a key made from a password; tickets to it are sealed under that key.
  constexpr bool add_service(std::string_view name, secret_view password, flags<principal_attribute> attributes = {}) {
    return note(add_text(
        name, [&](const principal_view& p) { return add_password(p, password); }, attributes));
  }
  /// Adds a service with a random key, for example "HTTP/web.ex.org".
  constexpr bool add_service(std::string_view name, flags<principal_attribute> attributes = {}) {
    return note(add_text(
        name, [&](const principal_view& p) { return add_key(p); }, attributes));
  }
  /// Adds the keys shared with another realm: `incoming` for its clients that come here, `outgoing`
  /// for ours that go there.
  constexpr bool add_trust(kerberos_string name, const key& outgoing, const key& incoming) {
    const kerberos_string there[] = {"krbtgt"_krb, name}, here[] = {"krbtgt"_krb, settings.realm};
    return note(no_client(
               take({{name_t::srv_inst, view_of<kerberos_string>(there)}, settings.realm}, copy(outgoing), {}))) &&
           note(no_client(take({{name_t::srv_inst, view_of<kerberos_string>(here)}, name}, copy(incoming), {})));
  }

  /// The record of a principal, which a test can change; null when there is none.
  constexpr principal_record<C>* record(const principal_view& p) & KERB_LIFETIMEBOUND {
    entry* const e = of(p);
    return e == nullptr ? nullptr : &e->record;
  }
  constexpr principal_record<C>* record(std::string_view name) & KERB_LIFETIMEBOUND {
    const auto p = parsed(name);
    return p ? record(p->view()) : nullptr;
  }
  /// A principal's key, to give to a service; null when there is none.
  constexpr const key* key_of(std::string_view name) & KERB_LIFETIMEBOUND {
    const auto p = parsed(name);
    entry* const e = p ? of(p->view()) : nullptr;
    return e == nullptr ? nullptr : &e->own;
  }
  /// The answer to need_principal.
  constexpr lookup<C> find(const need_principal& ask) {
    const entry* const e = of(ask.principal);
    if (e == nullptr) return not_found{};
    return e->record;
  }
  /// The answer of this realm's KDC to a request, ready to transmit. It is in `buffer`. `now` is that of
  /// drive(): a timestamp, a time of std::chrono::system_clock, or a function that returns one.
  template <class Now = timestamp>
  constexpr result<bytes_view> answer(bytes_view request, Now&& now, std::span<std::uint8_t> buffer KERB_LIFETIMEBOUND,
                                      const exchange_limits& limits = {}) {
    kdc<C> x(settings, buffer);
    return serve(x, request, policy_.get(), *this, now, limits);
  }
  /// The `ask` of drive(), acquire() and verify_login(): this realm's KDC answers each request at once, in
  /// `buffer`, and no other realm is there. `now` is as for drive(): the time of the KDC's clock. Without octets, when
  /// the client waits for another answer, it returns errc::no_answer. The realm must outlive it.
  template <class Now>
  constexpr auto ask(Now now, std::span<std::uint8_t> buffer KERB_LIFETIMEBOUND) & {
    return [this, now, buffer](const send& s) -> result<kerb::answer> {
      if (s.octets.empty()) return errc::no_answer;
      const auto octets = answer(s.octets, detail::clock_reading(now), buffer);
      if (!octets) return octets.error();
      return kerb::answer(*octets);
    };
  }
  void ask(auto, std::span<std::uint8_t>) && = delete;

 private:
  struct entry {
    basic_principal<192> name;
    key own;
    std::array<std::uint8_t, 192> salt{};
    std::size_t salt_size = 0;
    std::optional<long_term_key<C>> keys{};
    principal_record<C> record{};
  };
  constexpr bool note(const error& e) {
    ready_ = ready_ && e.ok();
    return e.ok();
  }
  /// Marks the principal that was added last as not a client, because it is a KDC.
  constexpr error no_client(const error& e) {
    if (e.ok()) entries_[size_ - 1]->record.attributes.set(principal_attribute::not_a_client);
    return e;
  }
  constexpr result<basic_principal<192>> parsed(std::string_view name) const {
    std::array<char, 128> letters{};
    const bytes_view r = settings.realm.octets;
    if (r.size() > letters.size()) return errc::no_space;
    for (std::size_t i = 0; i != r.size(); ++i) letters[i] = static_cast<char>(r[i]);
    return basic_principal<192>::parse(name, {letters.data(), r.size()});
  }
  constexpr entry* of(const principal_view& p) {
    for (std::size_t i = 0; i != size_; ++i)
      if (same_principal(entries_[i]->name.view(), p)) return &*entries_[i];
    return nullptr;
  }
  constexpr key copy(const key& k) {
    auto c = policy_->import(policy_->etype_of(k), policy_->expose(k).unguarded());
    return c ? std::move(*c) : key{};
  }
  template <class F>
  constexpr error add_text(std::string_view name, F add, flags<principal_attribute> attributes) {
    const auto p = parsed(name);
    if (!p) return p.error();
    if (const error e = add(p->view()); !e.ok()) return e;
    entries_[size_ - 1]->record.attributes = attributes;
    return {};
  }
  constexpr error add_password(const principal_view& p, secret_view password) {
    std::array<std::uint8_t, 192> salt{};
    const std::size_t n = default_salt_size(p);
    if (n > salt.size()) return {.code = errc::no_space};
    const bytes_view s = write_default_salt(p, std::span(salt).first(n));
    auto k = policy_->string_to_key(etype_, password, s, {policy_->default_iterations(etype_)});
    if (!k) return k.error();
    return take(p, std::move(*k), s);
  }
  constexpr error add_key(const principal_view& p) {
    std::array<std::uint8_t, 64> seed{};
    const std::span<std::uint8_t> to = std::span(seed).first(policy_->seed_octets(etype_));
    if (!policy_->fill(to)) return {.code = errc::entropy};
    auto k = policy_->random_to_key(etype_, bytes_view(to));
    if (!k) return k.error();
    return take(p, std::move(*k), {});
  }
  constexpr error take(const principal_view& p, key k, bytes_view salt) {
    if (size_ == N) return {.code = errc::no_space};
    const auto name = basic_principal<192>::of(p);
    if (!name) return name.error();
    entry& e = entries_[size_].emplace();
    e.name = *name;
    e.own = std::move(k);
    detail::copy_octets(salt.data(), salt.size(), e.salt.data());
    e.salt_size = salt.size();
    e.keys.emplace(long_term_key<C>{.key = e.own});
    if (!salt.empty()) e.keys->salt = kerberos_string{bytes_view(e.salt).first(e.salt_size)};
    e.record.principal = e.name.view();
    e.record.keys = view_of<long_term_key<C>>(&*e.keys, 1);
    ++size_;
    return {};
  }

  ref<C> policy_;
  etype_t etype_;
  std::array<std::optional<entry>, N> entries_;
  std::size_t size_ = 0;
  bool ready_ = false;
};

}  // namespace kerb::inline v0::testing
