#include "harness/check/guarantee_list.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "harness/base/strings.h"

namespace holdfast::check {
namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

}  // namespace

std::string RenderGuarantees() {
  std::string text;
  std::string family;
  for (const GuaranteeText& guarantee : Guarantees()) {
    if (guarantee.family != family) {
      family = guarantee.family;
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", family);
    }
    text += fmt::format("  {:<18} {:<8} {}\n", guarantee.id, guarantee.decided, guarantee.title);
  }
  return text;
}

Json GuaranteesJson() {
  Json list = Json::array();
  for (const GuaranteeText& guarantee : Guarantees()) {
    list.push_back({{"id", guarantee.id},
                    {"title", guarantee.title},
                    {"family", guarantee.family},
                    {"since", guarantee.since},
                    {"decided-by", guarantee.decided},
                    {"applies", guarantee.applies},
                    {"exceptions", guarantee.exceptions},
                    {"paragraph", guarantee.paragraph}});
  }
  return {{"format", "holdfast-guarantees/1"}, {"guarantees", std::move(list)}};
}

std::string RenderGuarantee(const GuaranteeText& guarantee) {
  std::string text =
      fmt::format("{}  {}\n\n{}\n\nsince    {}\njudged   {}\n", guarantee.id, guarantee.title,
                  guarantee.paragraph, guarantee.since, guarantee.applies);
  if (!guarantee.exceptions.empty()) text += fmt::format("not      {}\n", guarantee.exceptions);
  return text + fmt::format("by       {}\n", guarantee.decided);
}

const GuaranteeText* FindGuarantee(std::string_view id) {
  const std::string wanted = Upper(id);
  for (const GuaranteeText& guarantee : Guarantees())
    if (guarantee.id == wanted) return &guarantee;
  return nullptr;
}

std::vector<std::string> NearGuarantees(std::string_view id) {
  std::vector<std::string> ids;
  for (const GuaranteeText& guarantee : Guarantees())
    ids.push_back(guarantee.id);
  std::vector<std::string> near;
  while (near.size() < 3) {
    const auto next = Nearest(Upper(id), ids);
    if (!next) break;
    near.push_back(*next);
    std::erase(ids, *next);
  }
  return near;
}

}  // namespace holdfast::check
