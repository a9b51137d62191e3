// Ciphers and hash functions of OpenSSL's providers, which crypto/openssl.hpp builds on.
#pragma once
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <array>
#include <utility>

#include "../core/secret.hpp"

namespace kerb::inline v0 {
namespace openssl {

/// At the end of the scope, removes from OpenSSL's error queue the errors added during it. The
/// program's own TLS code would otherwise mistake them for its own.
class quiet {
 public:
  quiet() { (void)ERR_set_mark(); }
  quiet(const quiet&) = delete;
  quiet& operator=(const quiet&) = delete;
  ~quiet() { (void)ERR_pop_to_mark(); }
};

/// Where algorithms come from: a library context (null: OpenSSL's default) and the properties that
/// they must have (null: any).
struct source {
  OSSL_LIB_CTX* library = nullptr;
  const char* properties = nullptr;
};

/// Passes to `use` the functions, as OSSL_DISPATCH entries, of the first provider algorithm with that name.
template <class Use>
void each_function(const OSSL_PROVIDER* provider, int operation, const char* name, Use&& use) {
  int uncached = 0;
  const OSSL_ALGORITHM* const all = OSSL_PROVIDER_query_operation(provider, operation, &uncached);
  const std::string_view wanted(name == nullptr ? "" : name);
  for (const OSSL_ALGORITHM* a = all; a != nullptr && a->algorithm_names != nullptr; ++a) {
    const std::string_view names(a->algorithm_names);
    if (names.substr(0, names.find(':')) != wanted) continue;
    for (const OSSL_DISPATCH* f = a->implementation; f->function_id != 0; ++f) use(*f);
    break;
  }
  OSSL_PROVIDER_unquery_operation(provider, operation, all);
}

/// One mode of a cipher, with a schedule for each direction. Each is made when it is first needed.
class cipher_mode {
 public:
  cipher_mode() = default;
  cipher_mode(const cipher_mode&) = delete;
  cipher_mode& operator=(const cipher_mode&) = delete;
  ~cipher_mode() {
    for (const schedule& s : schedules_)
      if (s.state != nullptr) free_(s.state);
    EVP_CIPHER_free(algorithm_);
  }

  /// Finds the algorithm; returns false if no provider has it.
  bool fetch(const source& from, const char* name) {
    const quiet errors;
    algorithm_ = EVP_CIPHER_fetch(from.library, name, from.properties);
    if (algorithm_ == nullptr) return false;
    each_function(EVP_CIPHER_get0_provider(algorithm_), OSSL_OP_CIPHER, EVP_CIPHER_get0_name(algorithm_),
                  [&](const OSSL_DISPATCH& f) {
                    switch (f.function_id) {
                      case OSSL_FUNC_CIPHER_NEWCTX: make_ = OSSL_FUNC_cipher_newctx(&f); break;
                      case OSSL_FUNC_CIPHER_FREECTX: free_ = OSSL_FUNC_cipher_freectx(&f); break;
                      case OSSL_FUNC_CIPHER_ENCRYPT_INIT: schedules_[0].init = OSSL_FUNC_cipher_encrypt_init(&f); break;
                      case OSSL_FUNC_CIPHER_DECRYPT_INIT: schedules_[1].init = OSSL_FUNC_cipher_decrypt_init(&f); break;
                      case OSSL_FUNC_CIPHER_CIPHER: cipher_ = OSSL_FUNC_cipher_cipher(&f); break;
                      default: break;
                    }
                  });
    return make_ != nullptr && free_ != nullptr && schedules_[0].init != nullptr && schedules_[1].init != nullptr &&
           cipher_ != nullptr;
  }
  /// Makes the next run() in each direction schedule its key again.
  void forget() { schedules_[0].keyed = schedules_[1].keyed = false; }

  /// Encrypts or decrypts whole blocks. `iv` has the size that the mode requires.
  bool run(bool decrypting, secret_view key, bytes_view iv, const std::uint8_t* in, std::uint8_t* out,
           std::size_t octets) {
    schedule& s = schedules_[decrypting];
    if (!s.keyed) {
      const quiet errors;
      if (s.state == nullptr) s.state = make_(OSSL_PROVIDER_get0_provider_ctx(EVP_CIPHER_get0_provider(algorithm_)));
      s.keyed = s.state != nullptr && s.init(s.state, key.data(), key.size(), iv.data(), iv.size(), nullptr) == 1;
      if (!s.keyed) return false;
    } else if (!iv.empty() && s.init(s.state, nullptr, 0, iv.data(), iv.size(), nullptr) != 1) {
      return false;
    }
    std::size_t written = 0;
    return cipher_(s.state, out, &written, octets, in, octets) == 1 && written == octets;
  }

 private:
  struct schedule {
    void* state = nullptr;
    OSSL_FUNC_cipher_encrypt_init_fn* init = nullptr;  // decrypt_init has the same type
    bool keyed = false;
  };
  EVP_CIPHER* algorithm_ = nullptr;  // holding it keeps its provider loaded
  OSSL_FUNC_cipher_newctx_fn* make_ = nullptr;
  OSSL_FUNC_cipher_freectx_fn* free_ = nullptr;
  OSSL_FUNC_cipher_cipher_fn* cipher_ = nullptr;
  std::array<schedule, 2> schedules_;
};

/// A hash function and the state of one message.
class hash_function {
 public:
  hash_function() = default;
  hash_function(const hash_function&) = delete;
  hash_function& operator=(const hash_function&) = delete;
  ~hash_function() {
    if (state_ != nullptr) free_(state_);
    EVP_MD_free(algorithm_);
  }

  bool fetch(const source& from, const char* name) {
    const quiet errors;
    algorithm_ = EVP_MD_fetch(from.library, name, from.properties);
    if (algorithm_ == nullptr) return false;
    each_function(EVP_MD_get0_provider(algorithm_), OSSL_OP_DIGEST, EVP_MD_get0_name(algorithm_),
                  [&](const OSSL_DISPATCH& f) {
                    switch (f.function_id) {
                      case OSSL_FUNC_DIGEST_NEWCTX: make_ = OSSL_FUNC_digest_newctx(&f); break;
                      case OSSL_FUNC_DIGEST_FREECTX: free_ = OSSL_FUNC_digest_freectx(&f); break;
                      case OSSL_FUNC_DIGEST_DUPCTX: copy_ = OSSL_FUNC_digest_dupctx(&f); break;
                      case OSSL_FUNC_DIGEST_INIT: init_ = OSSL_FUNC_digest_init(&f); break;
                      case OSSL_FUNC_DIGEST_UPDATE: update_ = OSSL_FUNC_digest_update(&f); break;
                      case OSSL_FUNC_DIGEST_FINAL: final_ = OSSL_FUNC_digest_final(&f); break;
                      default: break;
                    }
                  });
    if (make_ == nullptr || free_ == nullptr || copy_ == nullptr || init_ == nullptr || update_ == nullptr ||
        final_ == nullptr)
      return false;
    state_ = make_(OSSL_PROVIDER_get0_provider_ctx(EVP_MD_get0_provider(algorithm_)));
    return state_ != nullptr;
  }

  bool begin() { return init_(state_, nullptr) == 1; }
  bool absorb(bytes_view v) { return v.empty() || update_(state_, v.data(), v.size()) == 1; }
  /// `out` has at least the size of the hash.
  bool end(std::span<std::uint8_t> out) {
    std::size_t written = 0;
    return final_(state_, out.data(), &written, out.size()) == 1;
  }
  /// Like begin(), but from a stored state.
  bool begin(void* kept) {
    void* const copy = copy_(kept);
    if (copy == nullptr) return false;
    free_(std::exchange(state_, copy));
    return true;
  }
  /// A copy of the current state, to be passed to drop() once; null if memory is exhausted.
  [[nodiscard]] void* keep() { return copy_(state_); }
  void drop(void* kept) {
    if (kept != nullptr) free_(kept);
  }

 private:
  EVP_MD* algorithm_ = nullptr;
  void* state_ = nullptr;
  OSSL_FUNC_digest_newctx_fn* make_ = nullptr;
  OSSL_FUNC_digest_freectx_fn* free_ = nullptr;
  OSSL_FUNC_digest_dupctx_fn* copy_ = nullptr;
  OSSL_FUNC_digest_init_fn* init_ = nullptr;
  OSSL_FUNC_digest_update_fn* update_ = nullptr;
  OSSL_FUNC_digest_final_fn* final_ = nullptr;
};

}  // namespace openssl
}  // namespace kerb::inline v0
