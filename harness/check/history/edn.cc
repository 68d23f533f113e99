#include "harness/check/history/edn.h"

#include <charconv>
#include <cctype>

namespace holdfast::check::history {
namespace {

// Deeper than any history; keeps hostile files off the stack.
constexpr int kDeepest = 64;

bool IsSpace(char c) { return c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0; }

bool EndsToken(char c) {
  return IsSpace(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' ||
         c == '"' || c == ';';
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto byte = [&](uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0U | (code >> 6U));
    byte(0x80U | (code & 0x3fU));
  } else {
    byte(0xe0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3fU));
    byte(0x80U | (code & 0x3fU));
  }
}

}  // namespace

Status EdnReader::SkipSpace(int depth) {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') ++line_;
    if (IsSpace(c)) {
      ++at_;
    } else if (c == ';') {
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    } else if (c == '#' && at_ + 1 < text_.size() && text_[at_ + 1] == '_') {
      at_ += 2;
      HOLDFAST_ASSIGN([[maybe_unused]] const Json dropped, ReadForm(depth + 1));
    } else {
      break;
    }
  }
  return {};
}

bool EdnReader::AtEnd() { return !SkipSpace(0) || at_ >= text_.size(); }

bool EdnReader::Enter() {
  if (at_ >= text_.size() || (text_[at_] != '[' && text_[at_] != '(')) return false;
  ++at_;
  return true;
}

bool EdnReader::Leave() {
  if (at_ >= text_.size() || (text_[at_] != ']' && text_[at_] != ')')) return false;
  ++at_;
  return true;
}

Result<Json> EdnReader::Read() { return ReadForm(0); }

std::string_view EdnReader::Token() {
  const size_t begin = at_;
  while (at_ < text_.size() && !EndsToken(text_[at_]))
    ++at_;
  return text_.substr(begin, at_ - begin);
}

Result<Json> EdnReader::ReadForm(int depth) {
  if (depth > kDeepest)
    return Fail(ErrorCode::kInvalidArgument, "line {}: nested deeper than {}", line_, kDeepest);
  HOLDFAST_RETURN_IF_ERROR(SkipSpace(depth));
  if (at_ >= text_.size())
    return Fail(ErrorCode::kInvalidArgument, "line {}: the text ends inside a form", line_);
  const char c = text_[at_];
  if (c == '[' || c == '(') {
    ++at_;
    return ReadSequence(c == '[' ? ']' : ')', depth);
  }
  if (c == '{') {
    ++at_;
    return ReadMap(depth);
  }
  if (c == '"') return ReadString();
  if (c == '#') return ReadDispatch(depth);
  if (c == '\\') {
    const size_t begin = at_;
    at_ += 2;
    if (at_ <= text_.size()) Token();
    if (at_ > text_.size()) at_ = text_.size();
    return Json(std::string(text_.substr(begin + 1, at_ - begin - 1)));
  }
  const std::string_view token = Token();
  if (token.empty())
    return Fail(ErrorCode::kInvalidArgument, "line {}: '{}' is not expected here", line_, c);
  if (token == "nil") return Json(nullptr);
  if (token == "true" || token == "false") return Json(token == "true");
  if (token[0] == ':') return Json(std::string(token.substr(1)));
  std::string_view digits = token;
  if (digits[0] == '+') digits.remove_prefix(1);
  if (!digits.empty() && digits.back() == 'N') digits.remove_suffix(1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (!digits.empty() && error == std::errc() && end == digits.data() + digits.size())
    return Json(number);
  return Json(std::string(token));
}

Result<Json> EdnReader::ReadSequence(char close, int depth) {
  Json sequence = Json::array();
  for (;;) {
    HOLDFAST_RETURN_IF_ERROR(SkipSpace(depth));
    if (at_ < text_.size() && text_[at_] == close) {
      ++at_;
      return sequence;
    }
    HOLDFAST_ASSIGN(Json form, ReadForm(depth + 1));
    sequence.push_back(std::move(form));
  }
}

Result<Json> EdnReader::ReadMap(int depth) {
  Json map = Json::object();
  for (;;) {
    HOLDFAST_RETURN_IF_ERROR(SkipSpace(depth));
    if (at_ < text_.size() && text_[at_] == '}') {
      ++at_;
      return map;
    }
    HOLDFAST_ASSIGN(const Json key, ReadForm(depth + 1));
    HOLDFAST_ASSIGN(Json value, ReadForm(depth + 1));
    map[key.is_string() ? key.get<std::string>() : DumpJson(key)] = std::move(value);
  }
}

Result<Json> EdnReader::ReadDispatch(int depth) {
  ++at_;
  if (at_ < text_.size() && text_[at_] == '{') {
    ++at_;
    return ReadSequence('}', depth);
  }
  if (at_ < text_.size() && text_[at_] == '"') return ReadString();  // A regular expression.
  if (Token().empty())
    return Fail(ErrorCode::kInvalidArgument, "line {}: '#' without a tag", line_);
  return ReadForm(depth + 1);
}

Result<Json> EdnReader::ReadString() {
  const int64_t begun = line_;
  std::string out;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return Json(std::move(out));
    }
    if (c == '\n') ++line_;
    if (c != '\\' || at_ + 1 >= text_.size()) {
      out += c;
      continue;
    }
    const char escaped = text_[++at_];
    switch (escaped) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'u': {
        uint32_t code = 0;
        const size_t first = at_ + 1;
        const size_t last = std::min(first + 4, text_.size());
        const auto [end, error] = std::from_chars(text_.data() + first, text_.data() + last, code, 16);
        if (error != std::errc() || end != text_.data() + first + 4)
          return Fail(ErrorCode::kInvalidArgument, "line {}: '\\u' without four digits", line_);
        AppendUtf8(code, out);
        at_ += 4;
        break;
      }
      default:
        out += escaped;
    }
  }
  return Fail(ErrorCode::kInvalidArgument, "line {}: a string that does not end", begun);
}

}  // namespace holdfast::check::history
