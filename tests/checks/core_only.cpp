// Uses the core without a crypto library; symbols.py looks at what the object needs. Each layer has a function here,
// and so has each kind of exchange and file.
#include <kerb/explain.hpp>
#include <kerb/format/auth_to_local.hpp>
#include <kerb/format/dns.hpp>
#include <kerb/format/krb5_conf.hpp>
#include <kerb/kerb.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>
#include <kerb/trace/json.hpp>
#include <kerb/trace/text.hpp>

namespace core_only {
using kerb::testing::insecure_policy;
using environment = kerb::environment<insecure_policy>;

bool core(kerb::timestamp a, kerb::timestamp b) {
  kerb::unique_time clock;
  return kerb::within_skew(clock.next(a), clock.next(b), 300);
}

std::string_view numbers(kerb::etype_t e, kerb::error_code_t c) { return name_of(e).empty() ? name_of(c) : name_of(e); }

bool der(kerb::bytes_view in, std::span<std::uint8_t> out) {
  kerb::der::source from{.origin = in.data()};
  kerb::der::reader r(in, from);
  kerb::der::writer w(out);
  kerb::der::write_octets(w, kerb::der::octet_string, r.contents(kerb::der::octet_string, {}));
  return w.ok();
}

template <class T>
bool there_and_back(kerb::bytes_view in, std::span<std::uint8_t> out) {
  const auto v = kerb::asn1::decode<T>(in);
  return v && kerb::asn1::encode(*v, out) && kerb::asn1::encoded_size(*v) == in.size();
}
bool asn1_and_msg(kerb::bytes_view in, std::span<std::uint8_t> out) {
  return there_and_back<kerb::msg::AsReq>(in, out) || there_and_back<kerb::msg::TgsRep>(in, out) ||
         there_and_back<kerb::msg::EncTicketPart>(in, out) || there_and_back<kerb::msg::KrbError>(in, out);
}

bool format(std::string_view text, std::span<char> out) {
  const auto p = kerb::principal::parse(text, "EX.ORG");
  return p && kerb::to_text(*p, out);
}

std::size_t transport(kerb::bytes_view in) { return (*kerb::read_frame(in, 65536)).missing; }

bool store(const std::array<std::uint8_t, 32>& digest, kerb::kerberos_time now) {
  static constinit kerb::memory_replay_cache<64> seen;
  return seen.insert(digest, plus(now, 300), now) == kerb::replay_verdict::fresh;
}

std::size_t as(kerb::as_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::as_client<insecure_policy> x(request);
  kerb::over_stream io(x, request.buffer);
  return io.start(t).index() + io.got(in.size(), t).index() + x.provide(kerb::key(), t).index() +
         static_cast<std::size_t>(std::move(x).take().has_value());
}
std::size_t tgs(kerb::tgs_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::tgs_client<insecure_policy> x(request);
  return x.start(t).index() + x.receive(in, t).index() + static_cast<std::size_t>(std::move(x).take().has_value());
}
std::size_t ap(kerb::initiator_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::ap_initiator<insecure_policy> x(request);
  return x.start(t).index() + x.receive(in, t).index() + static_cast<std::size_t>(std::move(x).take().has_value());
}
bool accept(kerb::acceptor_params request, insecure_policy& p, kerb::timestamp now, kerb::bytes_view in,
            kerb::key_list<kerb::key, 4>& keys) {
  static constinit kerb::memory_replay_cache<64> seen;
  kerb::ap_acceptor<insecure_policy> x(request);
  return kerb::accept(x, in, p, keys, seen, now).has_value();
}

// ---- clients that run to their end, with a trace

struct trace_sink {
  std::span<char> out;
  std::size_t size = 0;
  void operator()(kerb::timestamp at, const kerb::trace_event& e) {
    size += (*kerb::trace_text(at, e, out)).size() + (*kerb::trace_json(at, e, out)).size();
  }
};
using traced = kerb::traced<insecure_policy, trace_sink>;
using realm = kerb::testing::realm<insecure_policy>;

std::size_t acquire(const kerb::principal& me, const kerb::principal& service, kerb::secret_view password, traced& p,
                    kerb::timestamp now, realm& r, std::span<std::uint8_t> buffer) {
  kerb::ticket_cache<kerb::key, 4> cache;
  const auto ask = r.ask(now, buffer);
  const auto c = kerb::acquire({.client = me, .server = service, .password = password}, cache, p, now, ask);
  return c ? (*c)->ticket().size() : log_line(c.error(), kerb::party::client).view().size();
}
bool verify_login(kerb::verify_login_params params, kerb::basic_credential<kerb::key>&& tgt, insecure_policy& p,
                  kerb::timestamp now, kerb::keytab_keys<insecure_policy>& keys, realm& r,
                  std::span<std::uint8_t> buffer) {
  kerb::login_verifier<insecure_policy> x(params, std::move(tgt));
  return kerb::verify_login(x, p, keys, now, r.ask(now, buffer)).has_value();
}
bool change_password(kerb::kpasswd_params<kerb::key> request, kerb::kpasswd_service_params service, insecure_policy& p,
                     kerb::timestamp now, kerb::key_list<kerb::key, 4>& keys) {
  static constinit kerb::memory_replay_cache<64> seen;
  kerb::kpasswd_client<insecure_policy> x(request);
  const auto change = [](const kerb::change_password&) {
    return kerb::kpasswd_result{kerb::kpasswd_result_t::success, {}};
  };
  const auto ask = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    kerb::kpasswd_service<insecure_policy> y(service);
    const auto octets = kerb::serve(y, s.octets, p, keys, seen, now, change);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  };
  return kerb::drive(x, p, now, ask).has_value();
}

// ---- what comes after the authentication

bool protect(kerb::session_keys<kerb::key>&& keys, const environment& t, kerb::bytes_view in,
             std::span<std::uint8_t> out) {
  kerb::protected_session<insecure_policy> x(std::move(keys), {.here = kerb::side::initiator});
  return x.make_priv(in, out, t) && x.open_priv(in, out, t) && x.make_safe(in, out, t) && x.open_safe(in, t);
}
bool gss_context(kerb::gss::context<insecure_policy>& x, insecure_policy& p, kerb::bytes_view in,
                 std::span<std::uint8_t> out) {
  return x.wrap(in, kerb::gss::protection::confidentiality, out, p) && x.unwrap(in, out, p) && x.get_mic(in, out, p) &&
         x.verify_mic(in, in, p);
}
bool gss(const kerb::gss::negotiate_initiator_params<kerb::key>& ours, kerb::gss::negotiate_acceptor_params theirs,
         insecure_policy& p, kerb::timestamp now, kerb::keytab_keys<insecure_policy>& keys,
         std::span<std::uint8_t> octets, std::span<char> field) {
  static constinit kerb::memory_replay_cache<64> seen;
  kerb::gss::negotiate_initiator<insecure_policy> i(ours);
  kerb::gss::negotiate_acceptor<insecure_policy> a(theirs);
  const auto first = i.start({p, now});
  const auto* token = std::get_if<kerb::send>(&first);
  if (token == nullptr) return false;
  const auto value = kerb::write_negotiate(token->octets, field);
  if (!value) return false;
  const auto answer = kerb::gss::accept_http(a, *value, octets, field, p, keys, seen, now);
  const auto last = kerb::gss::receive_www_authenticate(i, answer.status, answer.www_authenticate, octets, {p, now});
  return kerb::is<kerb::done>(last) && std::move(i).take() && std::move(a).take();
}
std::size_t sasl(const kerb::gss::sasl_client_params<kerb::key>& ours, const kerb::gss::sasl_server_params& theirs,
                 const environment& t, kerb::bytes_view in) {
  kerb::gss::sasl_client<insecure_policy> c(ours);
  kerb::gss::sasl_server<insecure_policy> s(theirs);
  return c.start(t).index() + c.receive(in, t).index() + s.receive(in, t).index() +
         static_cast<std::size_t>(std::move(s).take().has_value());
}

// ---- the KDC, and a whole realm in memory

bool kdc(kerb::kerberos_string name, insecure_policy& p, kerb::timestamp now, kerb::bytes_view in,
         std::span<std::uint8_t> out, kerb::secret_view password) {
  realm r(p, name, kerb::etype_t::aes256_cts_hmac_sha1_96);
  return r.add_user("alice", password) && r.add_service("HTTP/web") && r.answer(in, now, out);
}

// ---- files and other formats

std::size_t files(kerb::bytes_view in, std::span<std::uint8_t> out, insecure_policy& p,
                  const kerb::need_ticket_key& ask) {
  const auto keytab = kerb::keytab_view::open(in);
  const auto cache = kerb::ccache_view::open(in);
  if (!keytab || !cache) return 0;
  kerb::keytab_keys keys(*keytab, p);
  kerb::keytab_writer writer(out);
  return static_cast<std::size_t>(keys.find(ask) != nullptr) + cache->size() +
         static_cast<std::size_t>(writer.finish().has_value());
}
std::size_t servers(std::string_view conf_text, kerb::bytes_view dns_reply, std::string_view realm_name,
                    std::span<char> text) {
  kerb::krb5_conf<2> conf;
  kerb::server_list<8> list;
  kerb::dns_records<8> records;
  if (!conf.add(conf_text) || !kerb::append_servers(conf, realm_name, kerb::server_t::kdc, list).ok()) return 0;
  const auto question = kerb::dns_questions(kerb::server_t::kdc)[0];
  if (!kerb::dns_name(question, realm_name, text)) return 0;
  if (!kerb::read_dns_reply(dns_reply, question.type, text, records).ok()) return 0;
  return kerb::append_servers(records, question, 1, list).ok() ? list.size() : 0;
}
std::size_t local_name(std::string_view rules, const kerb::principal& who, std::span<char> out) {
  const auto map = kerb::auth_to_local::open({.rules = rules});
  if (!map) return 0;
  const auto name = map->map(who, out);
  return name ? name->size() : 0;
}

}  // namespace core_only
