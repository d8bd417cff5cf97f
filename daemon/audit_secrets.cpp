// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_secrets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace guestd::daemon {
namespace {

using protocol::JsonType;
using protocol::JsonView;

// What errors of commands without `object` are about, too.
constexpr std::array<std::string_view, 5> kPlain{"path", "cwd", "username", "user", "group"};
// A value is known again by this much of it: longer ones are cut off in errors, at different lengths.
constexpr std::size_t kTelling = 32;
// Nobody needs more of them; looking for each takes time.
constexpr std::size_t kMostValues = 4096;

bool may_be_told(const protocol::CommandEntry& entry, std::string_view name) {
  return std::ranges::find(entry.objects, name) != entry.objects.end() ||
         std::ranges::find(kPlain, name) != kPlain.end();
}

// How much of `value` stands at the beginning of `text`.
std::size_t common_length(std::string_view text, std::string_view value) {
  const std::size_t most = std::min(text.size(), value.size());
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(most);
  return static_cast<std::size_t>(std::mismatch(text.begin(), end, value.begin()).first - text.begin());
}

class Eraser {
 public:
  explicit Eraser(std::string_view error) : error_(error) {}

  void erase(std::string_view name, JsonView value, int depth = 0) {
    if (error_.find('\'') == std::string::npos || depth > 2) return;
    if (value.is(JsonType::kString)) return erase_text(name, value.as_string());
    if (!value.is(JsonType::kArray) && !value.is(JsonType::kObject)) return;
    std::size_t index = 0;
    for (const JsonView item : value) {
      if (++values_ > kMostValues) return erase_all_quotes();
      erase(std::string(name) + "[" + std::to_string(index++) + "]", item, depth + 1);
    }
  }
  std::string take() { return std::move(error_); }

 private:
  // Errors put what they repeat into quotes, whole or with dots at the end.
  void erase_text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    const std::string telling = "'" + std::string(value.substr(0, kTelling));
    for (std::size_t at = 0; (at = error_.find(telling, at)) != std::string::npos;) {
      const std::size_t length = common_length(std::string_view(error_).substr(at + 1), value);
      const std::string_view rest = std::string_view(error_).substr(at + 1 + length);
      if (length < kTelling && !rest.starts_with('\'')) {
        ++at;
        continue;
      }
      const std::size_t end = rest.find('\'');
      const std::size_t gone = 1 + length + (end == std::string_view::npos ? rest.size() : end + 1);
      const std::string instead = "<" + std::string(name) + ">";
      error_.replace(at, gone, instead);
      at += instead.size();
    }
  }
  void erase_all_quotes() {
    const std::size_t first = error_.find('\'');
    const std::size_t last = error_.rfind('\'');
    if (last > first) error_.replace(first, last - first + 1, "<...>");
  }

  std::string error_;
  std::size_t values_ = 0;
};

}  // namespace

std::string without_secrets(std::string_view error, const protocol::CommandEntry& entry,
                            const protocol::Request& request) {
  Eraser eraser(error);
  if (!request.arguments) return eraser.take();
  for (const JsonView value : *request.arguments) {
    if (!may_be_told(entry, value.key())) eraser.erase(value.key(), value);
  }
  return eraser.take();
}

}  // namespace guestd::daemon
