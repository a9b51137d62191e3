// An established context of GSS-API: its messages, names and keys. RFC 4121 section 4.2, RFC 1964, RFC 2743.
#pragma once
#include "../exchange/moved.hpp"
#include "../exchange/protect/cred.hpp"
#include "../exchange/service/authenticated.hpp"
#include "token.hpp"
#include "token_1964.hpp"

namespace kerb::inline v0::gss {

/// How a Wrap token protects its message.
enum class protection : std::uint8_t {
  integrity,        ///< it is authenticated
  confidentiality,  ///< it is authenticated and encrypted
};

/// What a message of the peer must be, beyond authentic: one that is not is refused.
struct message_demands {
  /// confidentiality: errc::not_sealed for a message that is not encrypted. MIC tokens ignore it.
  protection by = protection::integrity;
  /// The message must be the next one: errc::replayed for a duplicate, errc::bad_order for one that
  /// is late or old, and for one that follows a gap (detail: the `order`). This does not depend on
  /// the flags that were negotiated, since every initiator and acceptor numbers its messages.
  /// errc::unsupported_etype: RFC 4757 does not authenticate the number of this token, so anybody could
  /// repeat it (see context::numbers_are_authentic()).
  bool in_order = true;
};

/// A message from a Wrap token. Nothing in it was used before the token verified. Without
/// message_demands, unwrap() succeeds for each token that verifies, also if it is repeated or only
/// signed: demand what the protocol needs.
struct unwrapped {
  std::span<std::uint8_t> message;
  protection by = protection::integrity;
  /// Not in_order: the message is authentic, but messages were lost or repeated. in_order shows this
  /// only if context::flags() has GSS_C_SEQUENCE_FLAG, and only that the message is new if it has
  /// GSS_C_REPLAY_FLAG alone. If the initiator requested neither, `seen` is always in_order
  /// (RFC 2743 section 1.2.3). message_demands::in_order does not depend on the flags.
  order seen = order::in_order;
};

/// A piece of a message that lies in several buffers: octets that a sealed token encrypts in place,
/// or octets that are only authenticated (seal_piece::sign_only()).
using message_piece = seal_piece;
/// Where a token over pieces has what follows the message.
enum class token_layout : std::uint8_t {
  with_trailer,  ///< in a buffer of its own, behind the pieces
  rotated,       ///< in the header's buffer: all of it is in front of the pieces
};
/// What a token over pieces was. Its data are opened in place.
struct unwrapped_pieces {
  protection by = protection::integrity;
  order seen = order::in_order;  ///< as in `unwrapped`
};

/// Which key the pseudo-random function uses, RFC 4401 section 2.
enum class prf_key : std::uint8_t {
  full,     ///< GSS_C_PRF_KEY_FULL: the context's key
  partial,  ///< GSS_C_PRF_KEY_PARTIAL: the initiator's subkey, or without one the ticket's session key
};

namespace detail {
/// What an exchange passes to the context that it establishes.
template <class Key>
struct context_parts {
  side here = side::initiator;
  gss_flags flags;
  session_keys<Key> keys;
  principal_view initiator, acceptor;
  kerberos_time endtime;
  bool bound = false;
};
struct wraps_many;  // many.hpp
}  // namespace detail

/// The flags of RFC 4121 section 4.1.1.1 and RFC 4757 section 7.1.
inline constexpr std::uint32_t known_flags = 0x703f;

template <crypto_policy C>
class exported_context;

/// One side of an established context: makes, opens and counts its messages. Move-only, wiped on
/// destruction, for one thread at a time. A call that fails leaves the context unchanged.
///
/// Each key is prepared once for each kind of message, when the first such message is made or
/// opened. After that a message allocates nothing.
///
/// A context does not look at the clock: a program that must not use a context after the ticket has
/// expired compares endtime().
template <crypto_policy C>
class [[nodiscard]] context {
 public:
  using key = typename C::key;

  /// For the exchanges that establish contexts.
  constexpr explicit context(detail::context_parts<key>&& p)
      : here_(p.here),
        flags_(p.flags),
        keys_(std::move(p.keys)),
        initiator_(p.initiator),
        acceptor_(p.acceptor),
        endtime_(p.endtime),
        bound_(p.bound),
        // The initial sequence numbers of RFC 4120 sections 5.5.1 and 5.5.2. Without an AP-REP both
        // sides start at the initiator's number, as MIT krb5 does; an AP-REP without a number means 0
        next_(own_first()),
        seal_end_(own_first() + numbers_to_seal()),
        window_(peer_first()) {}
  /// The same for an acceptor's context, which owns the client's data.
  constexpr context(detail::context_parts<key>&& p, authenticated_client<key>&& client) : context(std::move(p)) {
    client_.emplace(std::move(client));
  }

  constexpr side here() const { return here_; }
  /// The flags that both sides agree on: what the initiator requested and this side provides.
  constexpr gss_flags flags() const { return flags_; }
  /// The client. A context that was moved from or exported has no names any more: they are empty.
  constexpr const principal_view& initiator() const& KERB_LIFETIMEBOUND { return alive_ ? initiator_ : nobody; }
  void initiator() const&& = delete;
  /// The service. An acceptor takes the name from the ticket's unencrypted part: see
  /// authenticated_client::service().
  constexpr const principal_view& acceptor() const& KERB_LIFETIMEBOUND { return alive_ ? acceptor_ : nobody; }
  void acceptor() const&& = delete;
  constexpr const principal_view& peer() const& KERB_LIFETIMEBOUND {
    return here_ == side::initiator ? acceptor() : initiator();
  }
  void peer() const&& = delete;
  /// When the ticket expires, and with it the context.
  constexpr kerberos_time endtime() const { return endtime_; }
  /// Whether the context is bound to a channel that both sides see (RFC 4121 section 4.1.1.2). An
  /// initiator does not learn whether the acceptor has compared.
  constexpr bool bound() const { return bound_; }
  /// The client, with its authorization data; null on the initiator's side and in a context that
  /// was imported. Its keys() are empty, because the context has them: see session_key().
  constexpr const authenticated_client<key>* client() const& KERB_LIFETIMEBOUND {
    return alive_ && client_ ? &*client_ : nullptr;
  }
  void client() const&& = delete;
  /// The encryption type of the key that protects messages.
  constexpr etype_t etype(const C& crypto) const { return crypto.etype_of(keys_.protection_key()); }

  /// Whether the peer's tokens authenticate their number and direction, so that a message can be
  /// demanded to be the next one. RFC 4757 section 7 authenticates neither for RC4's MIC tokens and
  /// its Wrap tokens without encryption: who changes a token in transit can repeat its message, and
  /// return it to its sender. Encryption depends on the number, and with mutual authentication the two
  /// sides have different numbers; without it, only the initiator encrypts. MIC tokens are as those
  /// without encryption. With other types it is always true.
  constexpr bool numbers_are_authentic(protection by, const C& crypto) const {
    if constexpr (names_1964) {
      const auto form = form_1964(crypto);
      if (form && form->number_is_big_endian) {
        return by == protection::confidentiality && (flags_.has(gss_flag_t::mutual) || here_ == side::acceptor);
      }
    }
    return true;
  }

  // ---- Wrap tokens, RFC 4121 section 4.2.4, RFC 1964 section 1.2.2, RFC 4757 section 7.3

  /// The sizes of tokens, for all key types. Errors: errc::unsupported_etype, also if RC4 would encrypt
  /// two messages with one key stream, which depends only on the key and the number of the message: for
  /// an acceptor without mutual authentication, since both sides count from the same number there, and
  /// when this side has used the numbers up to the first one of the peer; errc::api_misuse for a context
  /// that was moved from or exported.
  constexpr result<wrap_sizes> sizes(protection by, const C& crypto) const {
    if constexpr (names_1964) {
      if (const auto form = form_1964(crypto)) {
        if (!alive_) return errc::api_misuse;
        const bool is_rc4 = form->number_is_big_endian;
        if (by == protection::confidentiality && is_rc4 && next_ >= seal_end_) return errc::unsupported_etype;
        return wrap_sizes::framed(form->wrap_octets(), form->block, flags_.has(gss_flag_t::dce_style));
      }
    }
    const auto around = overhead(by, crypto);
    if (!around) return around.error();
    return wrap_sizes(*around);
  }
  /// The octets around each message, if they are the same for all. Errors: errc::unsupported_etype,
  /// also for RC4 and triple DES, whose overhead depends on the message: see sizes();
  /// errc::api_misuse for a context that was moved from or exported.
  constexpr result<wrap_overhead> overhead(protection by, const C& crypto) const {
    const etype_t e = etype(crypto);
    const std::optional<seal_shape> shape = crypto.shape(e);
    const std::optional<cksum_shape> cksum = crypto.cksum_of(e);
    if (!alive_) return errc::api_misuse;
    if (!shape || !cksum || shape->block != 1 || !has_cfx_tokens(e)) return errc::unsupported_etype;
    if (by == protection::integrity) return wrap_overhead{message_header_octets, cksum->octets};
    return wrap_overhead{message_header_octets + shape->front, message_header_octets + shape->back};
  }
  /// The size of a message's token. Errors: those of sizes().
  constexpr result<std::size_t> wrap_size(std::size_t message_octets, protection by, const C& crypto) const {
    const auto s = sizes(by, crypto);
    if (!s) return s.error();
    return s->token(message_octets);
  }
  /// The size of the largest message whose token has at most `token_octets` octets
  /// (GSS_Wrap_size_limit, RFC 2743 section 2.2.7); 0 if there is none.
  constexpr result<std::size_t> wrap_size_limit(std::size_t token_octets, protection by, const C& crypto) const {
    const auto s = sizes(by, crypto);
    if (!s) return s.error();
    return s->limit(token_octets);
  }

  /// Makes a Wrap token in place. `token` has exactly wrap_size() octets, with the message after
  /// overhead().front of them. Errors: errc::api_misuse for fewer octets than the overhead;
  /// errc::entropy; those of overhead() and of the policy. On failure `token` is wiped.
  [[nodiscard]] constexpr errc wrap_in_place(std::span<std::uint8_t> token, protection by, C& crypto) {
    return counted(token, try_wrap(token, by, crypto));
  }
  /// The same with the size of the message, for all key types: `token` has exactly wrap_size()
  /// octets, with the message after sizes()->around(message_octets).front of them. Errors:
  /// errc::api_misuse for another size of `token`, and for a message that has no token (see
  /// wrap_sizes::possible()); errc::entropy; those of sizes() and of the policy. On failure `token`
  /// is wiped.
  [[nodiscard]] constexpr errc wrap_in_place(std::span<std::uint8_t> token, std::size_t message_octets, protection by,
                                             C& crypto) {
    return counted(token, try_wrap_sized(token, message_octets, by, crypto));
  }
  /// Makes a Wrap token of `message` at the front of `out`, and returns it. `out` must not overlap
  /// `message`. Errors: errc::no_space (detail: octets needed), before anything is drawn or written;
  /// those of wrap_in_place() with the size of the message.
  [[nodiscard]] constexpr result<bytes_view> wrap(bytes_view message, protection by,
                                                  std::span<std::uint8_t> out KERB_LIFETIMEBOUND, C& crypto) {
    const auto s = sizes(by, crypto);
    if (!s) return s.error();
    const std::size_t n = s->token(message.size());
    if (out.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};
    const std::span<std::uint8_t> token = out.first(n);
    kerb::detail::copy_octets(message.data(), message.size(), token.data() + s->around(message.size()).front);
    if (const errc why = wrap_in_place(token, message.size(), by, crypto); why != errc::ok) return why;
    return bytes_view(token);
  }

  /// Opens a Wrap token in place, and returns the message in it. Every rotation count and extra
  /// count is accepted. Errors: those of read_message_header(); errc::reflected_token for a token
  /// of this side; errc::wrong_context_key if the token is under another key than the context's;
  /// errc::integrity; errc::unsupported_etype. On failure, and if the message is not encrypted, the
  /// octets of `token` are unspecified; they then contain nothing that was encrypted.
  ///
  /// With RC4 and triple DES the errors are those of read_token_1964(), errc::reflected_token,
  /// errc::integrity, and errc::wrong_constant for padding. `seen` shows nothing where
  /// numbers_are_authentic() is false: with message_demands such a token is an error.
  [[nodiscard]] constexpr result<unwrapped> unwrap_in_place(std::span<std::uint8_t> token, C& crypto) {
    if constexpr (names_1964)
      if (const auto form = form_1964(crypto)) return open_1964(*form, bytes_view(token), token, true, crypto);
    const auto h = header_of(bytes_view(token), gss_token_t::wrap, crypto);
    if (!h) return h.error();
    const std::span<std::uint8_t> rest = token.subspan(message_header_octets);
    rotate_left(rest, rotation_of(*h));
    return open(*h, bytes_view(rest), rest, crypto);
  }
  /// Opens a Wrap token, and returns the message in it. The message is in `out`, which needs
  /// token.size() - 16 octets and must not overlap `token`. Errors: errc::no_space (detail: octets
  /// needed); those of unwrap_in_place(). On failure nothing of the message is left in `out`.
  [[nodiscard]] constexpr result<unwrapped> unwrap(bytes_view token, std::span<std::uint8_t> out, C& crypto) {
    if constexpr (names_1964)
      if (const auto form = form_1964(crypto)) return open_1964(*form, token, out, false, crypto);
    const auto h = header_of(token, gss_token_t::wrap, crypto);
    if (!h) return h.error();
    const bytes_view rest = token.subview(message_header_octets);
    if (out.size() < rest.size()) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(rest.size())};
    }
    const std::span<std::uint8_t> to = out.first(rest.size());
    const std::size_t turn = rest.empty() ? 0 : rotation_of(*h) % rest.size();
    const bool as_it_is = turn == 0 && h->has(token_flag::sealed);
    if (!as_it_is) {
      kerb::detail::copy_octets(rest.data() + turn, rest.size() - turn, to.data());
      kerb::detail::copy_octets(rest.data(), turn, to.data() + (rest.size() - turn));
    }
    const auto got = open(*h, as_it_is ? rest : bytes_view(to), to, crypto);
    if (!got) secure_zero(to);
    return got;
  }

  /// The same two for a message that must be what `want` demands. A message that is not is wiped,
  /// and the context remains as it was: the message that should have been the next one still is.
  [[nodiscard]] constexpr result<unwrapped> unwrap_in_place(std::span<std::uint8_t> token, const message_demands& want,
                                                            C& crypto) {
    const sequence_window before = window_;
    return demanded(unwrap_in_place(token, crypto), want, before, crypto);
  }
  [[nodiscard]] constexpr result<unwrapped> unwrap(bytes_view token, std::span<std::uint8_t> out,
                                                   const message_demands& want, C& crypto) {
    const sequence_window before = window_;
    return demanded(unwrap(token, out, crypto), want, before, crypto);
  }

  // ---- Wrap tokens over pieces, as protected RPC has them: MS-KILE section 3.4.5.4.1

  /// At most so many pieces make up a message: the token has two more.
  static constexpr std::size_t max_message_pieces = max_seal_pieces - 2;

  /// The sizes of a token's header and trailer; no trailer if the token is rotated. In DCE style a
  /// sealed token has 16 octets of filler, as MS-KILE section 3.4.5.4.1 requires. Errors: those of
  /// overhead().
  constexpr result<wrap_overhead> pieces_overhead(protection by, token_layout layout, const C& crypto) const {
    auto around = overhead(by, crypto);
    if (!around) return around;
    if (by == protection::confidentiality) around->back += filler_octets();
    if (layout == token_layout::rotated) around->front += std::exchange(around->back, 0);
    return around;
  }
  /// Makes a Wrap token of a message in several buffers, in place. `header` and `trailer` have
  /// exactly the sizes of pieces_overhead(); the token is rotated if `trailer` is empty. Nothing may
  /// overlap. Sign-only pieces are authenticated at their place among the others: in plaintext with
  /// encryption types of RFC 3962, and with those of RFC 8009, whose checksum covers the encrypted
  /// octets, between these. RFC 8009 does not define pieces; MIT krb5 makes the same tokens. Errors: errc::api_misuse
  /// for other sizes and for more than max_message_pieces, before anything is drawn or written; errc::entropy; those of
  /// overhead() and of the policy, after which header, trailer and the pieces that would be encrypted are wiped.
  [[nodiscard]] constexpr errc wrap_pieces(std::span<std::uint8_t> header, view_of<message_piece> message,
                                           std::span<std::uint8_t> trailer, protection by,
                                           C& crypto) requires seals_pieces_with<C, typename C::prepared_key> {
    const bool rotated = trailer.empty();
    const auto around = pieces_overhead(by, rotated ? token_layout::rotated : token_layout::with_trailer, crypto);
    if (!around) return around.error().code;
    if (header.size() != around->front || trailer.size() != around->back || message.size() > max_message_pieces) {
      return errc::api_misuse;
    }
    const errc why = try_wrap_pieces(header, message, trailer, by, crypto);
    if (why == errc::ok) {
      ++next_;
      return why;
    }
    secure_zero(header);
    secure_zero(trailer);
    for (const message_piece& p : message) secure_zero(p.sealed());
    return why;
  }
  /// Opens a Wrap token of a message in several buffers, in place. The pieces must be as the peer
  /// has made them, of which the token tells nothing. Errors: errc::wrong_constant if header,
  /// trailer, EC and RRC do not agree on the sizes; errc::api_misuse for more than
  /// max_message_pieces; those of unwrap_in_place(). If a sealed token does not verify, the pieces
  /// that were encrypted are wiped.
  [[nodiscard]] constexpr result<unwrapped_pieces> unwrap_pieces(
      std::span<std::uint8_t> header, view_of<message_piece> message, std::span<std::uint8_t> trailer,
      C& crypto) requires seals_pieces_with<C, typename C::prepared_key> {
    const auto fault = [](errc c, const char* field) { return error{.code = c, .type = "Wrap token", .field = field}; };
    if (message.size() > max_message_pieces) return errc::api_misuse;
    auto h = header_of(bytes_view(header), gss_token_t::wrap, crypto);
    if (!h) return h.error();
    const bool rotated = trailer.empty(), sealed = h->has(token_flag::sealed);
    const protection by = sealed ? protection::confidentiality : protection::integrity;
    const auto around = overhead(by, crypto);
    if (!around) return around.error();
    // A sealed token has EC octets of filler; another one has EC octets of checksum
    const std::size_t tail_octets = sealed ? h->ec + around->back : around->back;
    if (!sealed && h->ec != around->back) return fault(errc::wrong_constant, "EC");
    if (rotated ? rotation_of(*h) != tail_octets : h->rrc != 0) return fault(errc::wrong_constant, "RRC");
    const std::size_t front = around->front + (rotated ? tail_octets : 0);
    if (header.size() != front || (!rotated && trailer.size() != tail_octets)) return fault(errc::wrong_constant, "EC");
    const std::span<std::uint8_t> tail = rotated ? header.subspan(message_header_octets, tail_octets) : trailer;
    const std::size_t filler = sealed ? h->ec : 0;
    h->rrc = 0;
    if (!sealed) h->ec = 0;
    const auto octets = h->octets();
    if (!sealed) {
      const errc why = sign_pieces(seal_usage(there()), message, octets, bytes_view(tail), crypto);
      if (why != errc::ok) return fault(why, "checksum");
      return unwrapped_pieces{by, seen(h->seq)};
    }
    const auto k = prepared(seal_usage(there()), crypto);
    if (!k) return k.error();
    const std::span<std::uint8_t> inside = tail.first(filler + message_header_octets);
    const sealed_pieces all(header.last(around->front - message_header_octets), message, inside);
    const errc why =
        crypto.unseal_pieces(**k, seal_usage(there()), all.view(), bytes_view(tail).subview(inside.size()));
    if (why != errc::ok) return fault(why, "");
    if (!(bytes_view(inside.last(message_header_octets)) == bytes_view(octets))) {
      for (const message_piece& p : message) secure_zero(p.sealed());
      return fault(errc::integrity, "header");
    }
    return unwrapped_pieces{by, seen(h->seq)};
  }

  /// The same for a message that must be what `want` demands. The pieces that can be encrypted are
  /// wiped if it is not, and the context remains as it was.
  [[nodiscard]] constexpr result<unwrapped_pieces> unwrap_pieces(
      std::span<std::uint8_t> header, view_of<message_piece> message, std::span<std::uint8_t> trailer,
      const message_demands& want, C& crypto) requires seals_pieces_with<C, typename C::prepared_key> {
    const sequence_window before = window_;
    const auto got = unwrap_pieces(header, message, trailer, crypto);
    if (!got) return got;
    const error why = falls_short(want, got->by, before, crypto);
    if (why.ok()) return got;
    for (const message_piece& p : message) secure_zero(p.sealed());
    return why;
  }

  // ---- MIC tokens, RFC 4121 section 4.2.4, RFC 1964 section 1.2.1, RFC 4757 section 7.2

  /// The size of a MIC token. Errors: errc::unsupported_etype; errc::api_misuse for a context that was
  /// moved from or exported.
  constexpr result<std::size_t> mic_size(const C& crypto) const {
    if constexpr (names_1964) {
      if (const auto form = form_1964(crypto)) {
        if (!alive_) return errc::api_misuse;
        return wrap_sizes::framed(form->mic_octets(), 1, true).token(0);
      }
    }
    const auto around = overhead(protection::integrity, crypto);
    if (!around) return around.error();
    return around->octets();
  }
  /// At most so many pieces make up a message.
  static constexpr std::size_t max_pieces = 16;

  /// Makes a MIC token over the pieces of a message, in order, at the front of `out`, and returns
  /// it. Errors: errc::no_space (detail: octets needed); errc::api_misuse for more than max_pieces;
  /// those of mic_size() and of the policy.
  [[nodiscard]] constexpr result<bytes_view> get_mic(view_of<bytes_view> message,
                                                     std::span<std::uint8_t> out KERB_LIFETIMEBOUND, C& crypto) {
    const auto n = mic_size(crypto);
    if (!n) return n.error();
    if (out.size() < *n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(*n)};
    if constexpr (names_1964) {
      if (const auto form = form_1964(crypto)) {
        const errc why = try_mic_1964(*form, message, out.first(*n), crypto);
        if (why != errc::ok) return why;
        ++next_;
        return bytes_view(out.first(*n));
      }
    }
    const message_header h{gss_token_t::mic, own_flags(), 0, 0, next_};
    const auto header = h.octets();
    const std::span<std::uint8_t> token = out.first(*n);
    const errc why = sign(mic_usage(here_), message, header, token.subspan(message_header_octets), crypto);
    if (why != errc::ok) return why;
    kerb::detail::copy_octets(header.data(), header.size(), token.data());
    ++next_;
    return bytes_view(token);
  }
  [[nodiscard]] constexpr result<bytes_view> get_mic(bytes_view message, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                     C& crypto) {
    const bytes_view one[] = {message};
    return get_mic(one, out, crypto);
  }
  /// Verifies a MIC token of the peer over the pieces of a message, in order. Errors: those of
  /// unwrap_in_place(); errc::api_misuse for more than max_pieces.
  [[nodiscard]] constexpr result<order> verify_mic(view_of<bytes_view> message, bytes_view mic, C& crypto) {
    if constexpr (names_1964)
      if (const auto form = form_1964(crypto)) return verify_mic_1964(*form, message, mic, crypto);
    const auto h = header_of(mic, gss_token_t::mic, crypto);
    if (!h) return h.error();
    const auto header = h->octets();
    // RFC 4121 section 4.2.2: unknown flags are ignored, but the checksum covers them
    const errc why = sign(mic_usage(there()), message, header, mic.subview(message_header_octets), crypto);
    if (why != errc::ok) return error{.code = why, .type = "MIC token", .field = "SGN_CKSUM"};
    return seen(h->seq);
  }
  [[nodiscard]] constexpr result<order> verify_mic(bytes_view message, bytes_view mic, C& crypto) {
    const bytes_view one[] = {message};
    return verify_mic(one, mic, crypto);
  }
  /// The same for a message that must be what `want` demands. If it is not, the context remains as
  /// it was.
  [[nodiscard]] constexpr result<order> verify_mic(view_of<bytes_view> message, bytes_view mic,
                                                   const message_demands& want, C& crypto) {
    const sequence_window before = window_;
    const auto got = verify_mic(message, mic, crypto);
    if (!got) return got;
    const error why =
        falls_short({protection::integrity, want.in_order}, protection::integrity, before, crypto, "MIC token");
    if (why.ok()) return got;
    return why;
  }
  [[nodiscard]] constexpr result<order> verify_mic(bytes_view message, bytes_view mic, const message_demands& want,
                                                   C& crypto) {
    const bytes_view one[] = {message};
    return verify_mic(one, mic, want, crypto);
  }

  // ---- keys

  /// The key of the context, for protocols that derive keys from it, such as SMB
  /// (MS-KILE section 3.1.1.2: the subkey). Under it this context's messages are protected: do not
  /// use it to encrypt.
  constexpr secret_view session_key(const C& crypto) const& KERB_LIFETIMEBOUND {
    return crypto.expose(keys_.protection_key());
  }
  void session_key(const C&) const&& = delete;

  /// The pseudo-random function of the context, RFC 4401 and RFC 7802: fills `out`. Blocks are
  /// numbered from 0. RFC 4402, which RFC 7802 replaces, began with 1, but MIT krb5 and Heimdal with 0.
  /// RFC 4401 section 2 requires at least one octet of input. This is not checked, as in MIT krb5:
  /// without input the peer's function has the same output. Errors: errc::unsupported_etype;
  /// errc::api_misuse for 2^32-1 blocks and more; those of the policy.
  [[nodiscard]] constexpr errc prf(prf_key which, bytes_view input, std::span<std::uint8_t> out, C& crypto) const {
    if (!alive_) return errc::api_misuse;
    const key& k = which == prf_key::full   ? keys_.protection_key()
                   : keys_.initiator_subkey ? *keys_.initiator_subkey
                                            : keys_.session_key;
    const std::size_t block = crypto.prf_octets(crypto.etype_of(k));
    if (block == 0) return errc::unsupported_etype;
    if (out.size() / block >= 0xffffffffu) return errc::api_misuse;
    for (std::size_t at = 0, n = 0; at < out.size(); at += block, ++n) {
      const std::uint8_t number[] = {static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
                                     static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)};
      const bytes_view pieces[] = {number, input};
      const std::size_t left = out.size() - at;
      if (const errc why = crypto.prf(k, pieces, out.subspan(at, left < block ? left : block)); why != errc::ok) {
        secure_zero(out);
        return why;
      }
    }
    return errc::ok;
  }

  // ---- delegation

  /// Whether the initiator delegated a credential, which delegated() opens.
  constexpr bool has_delegated() const {
    return client() != nullptr && client_->gss() && client_->gss()->deleg.has_value();
  }
  /// Opens the credentials that the initiator delegated (RFC 4121 section 4.1.1), in `buffer`: see
  /// open_krb_cred(). All that they say about themselves is the initiator's claim. Some initiators
  /// do not seal them again, because the Authenticator is sealed. Returns errc::nothing_delegated if
  /// there are none, as on the initiator's side and in a context that was imported.
  [[nodiscard]] constexpr result<received_credentials<C>> delegated(std::span<std::uint8_t> buffer,
                                                                    const environment<C>& env) const {
    if (!alive_) return errc::api_misuse;
    if (!has_delegated()) return errc::nothing_delegated;
    return open_krb_cred(*client_->gss()->deleg, keys_.session_key, buffer, env,
                         {.timestamp = false, .may_be_open = true});
  }

  // ---- export

  /// Exports this context, which is over then: see export.hpp, which defines this function.
  [[nodiscard]] constexpr result<secret_view> export_to(std::span<std::uint8_t> buffer KERB_LIFETIMEBOUND,
                                                        const C& crypto) &&;

 private:
  static constexpr principal_view nobody{};
  using prepared_key = typename C::prepared_key;
  friend class exported_context<C>;
  friend struct detail::wraps_many;

  constexpr side there() const { return here_ == side::initiator ? side::acceptor : side::initiator; }
  constexpr std::uint64_t own_first() const {
    if (here_ == side::initiator) return keys_.initiator_seq.value_or(0);
    return acceptor_first();
  }
  constexpr std::uint64_t peer_first() const {
    if (here_ == side::acceptor) return keys_.initiator_seq.value_or(0);
    return acceptor_first();
  }
  constexpr std::uint64_t acceptor_first() const {
    if (!flags_.has(gss_flag_t::mutual)) return keys_.initiator_seq.value_or(0);
    return keys_.acceptor_seq.value_or(0);
  }
  /// How many messages this side may encrypt with RC4: so many numbers precede the first one of the peer.
  constexpr std::uint64_t numbers_to_seal() const {
    if (flags_.has(gss_flag_t::mutual)) return (peer_first() - own_first()) & 0xffffffffu;
    return here_ == side::initiator ? std::uint64_t{1} << 32 : 0;  // both count from the same number
  }
  static constexpr key_usage_t seal_usage(side s) {
    return s == side::initiator ? key_usage_t::gss_initiator_seal : key_usage_t::gss_acceptor_seal;
  }
  static constexpr key_usage_t mic_usage(side s) {
    return s == side::initiator ? key_usage_t::gss_initiator_sign : key_usage_t::gss_acceptor_sign;
  }
  /// The flags of a token from `s`, without `sealed`.
  constexpr std::uint8_t flags_of(side s) const {
    std::uint8_t f = 0;
    if (s == side::acceptor) f |= static_cast<std::uint8_t>(token_flag::sent_by_acceptor);
    if (keys_.acceptor_subkey) f |= static_cast<std::uint8_t>(token_flag::acceptor_subkey);
    return f;
  }
  constexpr std::uint8_t own_flags() const { return flags_of(here_); }

  constexpr result<const prepared_key*> prepared(key_usage_t u, C& crypto) {
    const bool own = u == seal_usage(here_) || u == mic_usage(here_);
    const bool seals = u == seal_usage(here_) || u == seal_usage(there());
    return prepared(prepared_[own ? 0 : 1][seals ? 0 : 1], u, crypto);
  }
  constexpr result<const prepared_key*> prepared(std::optional<prepared_key>& place, key_usage_t u, C& crypto) {
    if (!place) {
      result<prepared_key> made = crypto.prepare(keys_.protection_key(), u);
      if (!made) return made.error();
      place.emplace(std::move(*made));
    }
    return &*place;
  }

  /// Makes the checksum over a message and a header in `tag`; if `tag` is a view, verifies it.
  template <class Octets>
  constexpr errc sign(key_usage_t u, view_of<bytes_view> message, bytes_view header, Octets tag, C& crypto) {
    if (message.size() > max_pieces) return errc::api_misuse;
    std::array<bytes_view, max_pieces + 1> pieces{};
    std::size_t n = 0;
    for (const bytes_view p : message) pieces[n++] = p;
    pieces[n++] = header;
    const view_of<bytes_view> all(pieces.data(), n);
    const auto cksum = crypto.cksum_of(etype(crypto));
    if (!cksum) return errc::unsupported_cksum;
    const auto k = prepared(u, crypto);
    if (!k) return k.error().code;
    if constexpr (std::same_as<Octets, bytes_view>) return crypto.verify(cksum->type, **k, u, all, tag);
    else return crypto.sign(cksum->type, **k, u, all, tag);
  }

  /// Counts a Wrap token that was made, or wipes what there is of it.
  constexpr errc counted(std::span<std::uint8_t> token, errc why) {
    if (why == errc::ok) ++next_;
    else secure_zero(token);
    return why;
  }
  constexpr errc try_wrap(std::span<std::uint8_t> token, protection by, C& crypto) {
    const auto around = overhead(by, crypto);
    if (!around) return around.error().code;
    if (token.size() < around->octets()) return errc::api_misuse;
    message_header h{gss_token_t::wrap, own_flags(), 0, 0, next_};
    if (by == protection::integrity) {
      // RFC 4121 section 4.2.4: EC and RRC count as zero in the checksum
      const std::span<std::uint8_t> tag = token.last(around->back);
      const bytes_view message[] = {bytes_view(token).subview(around->front, token.size() - around->octets())};
      const auto covered = h.octets();
      if (const errc why = sign(seal_usage(here_), message, covered, tag, crypto); why != errc::ok) return why;
      h.ec = static_cast<std::uint16_t>(around->back);
      put(token, h);
      return errc::ok;
    }
    const auto k = prepared(seal_usage(here_), crypto);
    if (!k) return k.error().code;
    h.flags |= static_cast<std::uint8_t>(token_flag::sealed);
    const std::span<std::uint8_t> sealed = token.subspan(message_header_octets);
    if (!crypto.fill(sealed.first(around->front - message_header_octets))) return errc::entropy;
    put(token, h);
    put(token.last(around->back), h);
    return crypto.seal(**k, seal_usage(here_), sealed);
  }
  /// A message with the confounder in front of it, and the filler and the copy of the header behind.
  class sealed_pieces {
   public:
    constexpr sealed_pieces(std::span<std::uint8_t> confounder, view_of<message_piece> message,
                            std::span<std::uint8_t> inside) {
      all_[n_++] = message_piece(confounder);
      for (const message_piece& p : message) all_[n_++] = p;
      all_[n_++] = message_piece(inside);
    }
    constexpr view_of<message_piece> view() const { return {all_.data(), n_}; }

   private:
    std::array<message_piece, max_seal_pieces> all_{};
    std::size_t n_ = 0;
  };
  constexpr std::size_t filler_octets() const { return flags_.has(gss_flag_t::dce_style) ? 16 : 0; }
  template <class Octets>
  constexpr errc sign_pieces(key_usage_t u, view_of<message_piece> message, bytes_view header, Octets tag, C& crypto) {
    std::array<bytes_view, max_message_pieces> pieces{};
    std::size_t n = 0;
    for (const message_piece& p : message) pieces[n++] = p.authenticated();
    return sign(u, {pieces.data(), n}, header, tag, crypto);
  }
  constexpr errc try_wrap_pieces(std::span<std::uint8_t> header, view_of<message_piece> message,
                                 std::span<std::uint8_t> trailer, protection by, C& crypto) {
    message_header h{gss_token_t::wrap, own_flags(), 0, 0, next_};
    const auto around = overhead(by, crypto);
    if (!around) return around.error().code;
    const bool rotated = trailer.empty();
    if (by == protection::integrity) {
      const std::span<std::uint8_t> tag = rotated ? header.subspan(message_header_octets) : trailer;
      const auto covered = h.octets();
      if (const errc why = sign_pieces(seal_usage(here_), message, covered, tag, crypto); why != errc::ok) return why;
      h.ec = static_cast<std::uint16_t>(tag.size());
      if (rotated) h.rrc = h.ec;
      put(header, h);
      return errc::ok;
    }
    const auto k = prepared(seal_usage(here_), crypto);
    if (!k) return k.error().code;
    h.flags |= static_cast<std::uint8_t>(token_flag::sealed);
    h.ec = static_cast<std::uint16_t>(filler_octets());
    const std::span<std::uint8_t> confounder = header.last(around->front - message_header_octets);
    const std::span<std::uint8_t> tail = rotated ? header.subspan(message_header_octets, around->back + h.ec) : trailer;
    const std::span<std::uint8_t> inside = tail.first(h.ec + message_header_octets);
    if (!crypto.fill(confounder)) return errc::entropy;
    for (std::uint8_t& filler : inside.first(h.ec)) filler = 0xff;
    put(inside.last(message_header_octets), h);
    const sealed_pieces all(confounder, message, inside);
    const errc why = crypto.seal_pieces(**k, seal_usage(here_), all.view(), tail.subspan(inside.size()));
    if (why != errc::ok) return why;
    // MS-KILE section 3.4.5.4.1: in DCE style the rotation is by RRC and EC
    if (rotated) h.rrc = static_cast<std::uint16_t>(tail.size() - h.ec);
    put(header, h);
    return errc::ok;
  }
  constexpr errc try_wrap_sized(std::span<std::uint8_t> token, std::size_t message_octets, protection by, C& crypto) {
    const auto s = sizes(by, crypto);
    if (!s) return s.error().code;
    if (!s->possible(message_octets) || token.size() != s->token(message_octets)) return errc::api_misuse;
    if constexpr (names_1964)
      if (const auto form = form_1964(crypto)) return try_wrap_1964(*form, *s, token, message_octets, by, crypto);
    return try_wrap(token, by, crypto);
  }

  // ---- the tokens of RC4 and triple DES: nothing of this is compiled unless the policy names them

  static constexpr bool names_1964 = crypts_tokens_with<C, key>;
  /// The form of this context's tokens; nullopt if it is that of RFC 4121.
  constexpr std::optional<tokens_1964> form_1964(const C& crypto) const {
    if constexpr (names_1964)
      if (crypto.shape(etype(crypto))) return tokens_1964_of(etype(crypto));
    return std::nullopt;
  }
  constexpr bool is_dce_style() const { return flags_.has(gss_flag_t::dce_style); }
  /// The codec of Wrap or MIC tokens. Their key usage is the same in both directions.
  template <class Policy>
  constexpr result<codec_1964<Policy>> codec(const tokens_1964& form, bool wrap, Policy& crypto) {
    const key_usage_t usage = wrap ? form.wrap_usage : form.mic_usage;
    const auto k = prepared(prepared_[0][wrap ? 0 : 1], usage, crypto);
    if (!k) return k.error();
    return codec_1964<Policy>(form, keys_.protection_key(), **k, usage, crypto);
  }
  constexpr errc try_wrap_1964(const tokens_1964& form, const wrap_sizes& s, std::span<std::uint8_t> token,
                               std::size_t message_octets, protection by, C& crypto) {
    const bool sealed = by == protection::confidentiality;
    const std::size_t padding = s.around(message_octets).back;
    const auto inner = write_header_1964(token, s.framed_octets(message_octets), gss_token_t::wrap_v1, sealed, form);
    const std::span<std::uint8_t> text = inner.subspan(form.mic_octets());
    if (!crypto.fill(text.first(form.confounder))) return errc::entropy;
    for (std::uint8_t& octet : text.last(padding)) octet = static_cast<std::uint8_t>(padding);
    const bytes_view message[] = {bytes_view(text)};
    const auto c = codec(form, true, crypto);
    if (!c) return c.error().code;
    return c->protect(inner, message, static_cast<std::uint32_t>(next_), here_ == side::acceptor,
                      sealed ? text : std::span<std::uint8_t>());
  }
  constexpr errc try_mic_1964(const tokens_1964& form, view_of<bytes_view> message, std::span<std::uint8_t> token,
                              C& crypto) {
    const std::size_t framed = wrap_sizes::framed(form.mic_octets(), 1, true).framed_octets(0);
    const auto inner = write_header_1964(token, framed, gss_token_t::mic_v1, false, form);
    const auto c = codec(form, false, crypto);
    if (!c) return c.error().code;
    return c->protect(inner, message, static_cast<std::uint32_t>(next_), here_ == side::acceptor, {});
  }
  /// Opens a token, and returns its number.
  constexpr result<std::uint32_t> opened_1964(const tokens_1964& form, bool wrap, const token_1964& t,
                                              view_of<bytes_view> message, std::span<std::uint8_t> to, C& crypto) {
    const auto c = codec(form, wrap, crypto);
    if (!c) return c.error();
    const auto n = c->open(t, message, there() == side::acceptor, to);
    if (n) return n;
    error why = n.error();
    why.type = wrap ? "Wrap token" : "MIC token";
    return why;
  }
  constexpr order seen_1964(std::uint32_t n) { return seen(nearest_number(window_.next(), n)); }
  constexpr result<unwrapped> open_1964(const tokens_1964& form, bytes_view token, std::span<std::uint8_t> out,
                                        bool in_place, C& crypto) {
    if (!alive_) return errc::api_misuse;
    const auto t = read_token_1964(token, gss_token_t::wrap_v1, form, is_dce_style());
    if (!t) return t.error();
    const std::size_t size = t->text.size();
    if (!in_place && out.size() < size) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size)};
    }
    const std::span<std::uint8_t> to = in_place ? out.last(size) : out.first(size);
    const auto n = opened_1964(form, true, *t, {}, to, crypto);
    error why = n.error();
    if (n) {
      const auto message = message_1964(to, form, is_dce_style());
      const protection by = t->sealed ? protection::confidentiality : protection::integrity;
      if (message) return unwrapped{*message, by, seen_1964(*n)};
      why = {.code = errc::wrong_constant, .type = "Wrap token", .field = "padding"};
    }
    if (t->sealed || !in_place) secure_zero(to);
    return why;
  }
  constexpr result<order> verify_mic_1964(const tokens_1964& form, view_of<bytes_view> message, bytes_view mic,
                                          C& crypto) {
    if (!alive_) return errc::api_misuse;
    const auto t = read_token_1964(mic, gss_token_t::mic_v1, form, false);
    if (!t) return t.error();
    const auto n = opened_1964(form, false, *t, message, {}, crypto);
    if (!n) return n.error();
    return seen_1964(*n);
  }

  static constexpr void put(std::span<std::uint8_t> at, const message_header& h) {
    const auto octets = h.octets();
    kerb::detail::copy_octets(octets.data(), octets.size(), at.data());
  }

  /// The header of a token of the peer.
  constexpr result<message_header> header_of(bytes_view token, gss_token_t id, const C& crypto) const {
    if (!alive_) return errc::api_misuse;
    const auto h = read_message_header(token, id);
    if (!h) return h;
    const char* const type = id == gss_token_t::mic ? "MIC token" : "Wrap token";
    const auto fault = [type](errc c) { return error{.code = c, .offset = 2, .type = type, .field = "Flags"}; };
    if (!has_cfx_tokens(etype(crypto))) return errc::unsupported_etype;
    if (h->has(token_flag::sent_by_acceptor) != (here_ == side::initiator)) return fault(errc::reflected_token);
    // The key never depends on what the token says
    if (h->has(token_flag::acceptor_subkey) != keys_.acceptor_subkey.has_value()) return fault(errc::wrong_context_key);
    return h;
  }
  /// By how many octets the part after the header is rotated. In DCE style, sealed tokens are
  /// rotated by RRC+EC (MS-KILE section 3.4.5.4.1); MIT krb5 and Heimdal do the same.
  constexpr std::size_t rotation_of(const message_header& h) const {
    const bool with_ec = flags_.has(gss_flag_t::dce_style) && h.has(token_flag::sealed);
    return std::size_t{h.rrc} + (with_ec ? h.ec : 0);
  }
  /// Opens what follows a header, after the rotation is undone. `rest` is `to` or does not overlap
  /// it.
  constexpr result<unwrapped> open(message_header h, bytes_view rest, std::span<std::uint8_t> to, C& crypto) {
    const auto fault = [](errc c, const char* field) { return error{.code = c, .type = "Wrap token", .field = field}; };
    const key_usage_t usage = seal_usage(there());
    const std::uint16_t ec = h.ec;
    h.rrc = 0;
    if (!h.has(token_flag::sealed)) {
      h.ec = 0;
      if (ec > rest.size()) return fault(errc::truncated, "EC");
      const std::span<std::uint8_t> message = to.first(rest.size() - ec);
      const bytes_view one[] = {bytes_view(message)};
      const auto header = h.octets();
      const errc why = sign(usage, one, header, rest.last(ec), crypto);
      if (why != errc::ok) return fault(why, "checksum");
      return unwrapped{message, protection::integrity, seen(h.seq)};
    }
    const auto k = prepared(usage, crypto);
    if (!k) return k.error();
    const auto plain = crypto.unseal(**k, usage, rest, to);
    if (!plain) return fault(plain.error().code, "");
    const auto header = h.octets();
    // RFC 4121 section 4.2.4: the header's copy is what authenticates the header
    if (plain->size() < message_header_octets + std::size_t{ec} ||
        !(bytes_view(plain->last(message_header_octets)) == bytes_view(header))) {
      secure_zero(*plain);
      return fault(errc::integrity, "header");
    }
    return unwrapped{plain->first(plain->size() - message_header_octets - ec), protection::confidentiality,
                     seen(h.seq)};
  }
  constexpr order seen(std::uint64_t n) {
    return window_.enter(n, flags_.has(gss_flag_t::replay), flags_.has(gss_flag_t::sequence));
  }

  /// Why the message that has just been opened is not what it must be. Then its number has not
  /// arrived.
  constexpr error falls_short(const message_demands& want, protection by, const sequence_window& before,
                              const C& crypto, const char* type = "Wrap token") {
    error why{};
    if (want.by == protection::confidentiality && by != want.by) {
      why = {.code = errc::not_sealed, .type = type, .field = "Flags"};
    } else if (want.in_order && !numbers_are_authentic(by, crypto)) {
      why = {.code = errc::unsupported_etype, .type = type, .field = "SND_SEQ"};
    } else if (want.in_order) {
      why = detail::not_next(window_.last(), type);
    }
    if (!why.ok()) window_ = before;
    return why;
  }
  constexpr result<unwrapped> demanded(const result<unwrapped>& got, const message_demands& want,
                                       const sequence_window& before, const C& crypto) {
    if (!got) return got;
    const error why = falls_short(want, got->by, before, crypto);
    if (why.ok()) return got;
    secure_zero(got->message);
    return why;
  }

  static constexpr void reverse(std::span<std::uint8_t> s) {
    for (std::size_t i = 0, j = s.size(); i + 1 < j; ++i) std::swap(s[i], s[--j]);
  }
  static constexpr void rotate_left(std::span<std::uint8_t> s, std::size_t by) {
    if (s.empty() || (by %= s.size()) == 0) return;
    reverse(s.first(by));
    reverse(s.subspan(by));
    reverse(s);
  }

  side here_;
  gss_flags flags_;
  session_keys<key> keys_;
  principal_view initiator_, acceptor_;
  kerberos_time endtime_;
  bool bound_ = false;
  std::uint64_t next_ = 0;
  std::uint64_t seal_end_ = 0;  // of the numbers with which RC4 may encrypt
  sequence_window window_;
  std::optional<authenticated_client<key>> client_;
  std::optional<prepared_key> prepared_[2][2];      // ours, theirs; seal, MIC
  kerb::detail::moving_state<false> alive_ = true;  // until the context is moved from
};

}  // namespace kerb::inline v0::gss
