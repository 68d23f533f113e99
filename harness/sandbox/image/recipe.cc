#include "harness/sandbox/image/recipe.h"

#include <algorithm>

#include "harness/base/json.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// What a container never reads. The just-in-time compiler of Postgres alone is a third of the size.
const std::vector<std::string>& NeverRead() {
  static const std::vector<std::string> paths = {"etc/apt",
                                                 "usr/share/doc",
                                                 "usr/share/man",
                                                 "usr/share/info",
                                                 "usr/share/locale",
                                                 "usr/share/i18n",
                                                 "usr/share/lintian",
                                                 "var/lib/apt",
                                                 "var/cache",
                                                 "var/lib/dpkg",
                                                 "usr/share/gdb",
                                                 "usr/share/bug",
                                                 "usr/share/pixmaps",
                                                 "etc/systemd",
                                                 "etc/init.d",
                                                 "etc/cron.daily",
                                                 "usr/lib/systemd",
                                                 "lib/systemd",
                                                 "boot",
                                                 "etc/rc?.d",
                                                 "usr/lib/*/gconv",
                                                 "usr/share/doc-base",
                                                 "usr/share/menu"};
  return paths;
}

Recipe Postgres15() {
  Recipe recipe;
  recipe.name = "postgres:15";
  recipe.suite = "bookworm";
  recipe.packages = {"postgresql-15", "base-files", "bash", "coreutils", "dash",      "debianutils",
                     "findutils",     "grep",       "gzip", "hostname",  "libc-bin",  "mawk",
                     "procps",        "sed",        "tar",  "tzdata",    "util-linux"};
  recipe.environment = {{"PATH", std::string(kPath) + ":/usr/lib/postgresql/15/bin"},
                        {"LANG", "C.UTF-8"},
                        {"PG_MAJOR", "15"},
                        {"PGDATA", "/var/lib/postgresql/data"}};
  recipe.command = {"postgres"};
  recipe.user = {"postgres", 999, 999, "/var/lib/postgresql"};
  recipe.directories = {{"/var/run/postgresql", 01777},
                        {"/var/lib/postgresql", 01777},
                        {"/var/lib/postgresql/data", 01777}};
  recipe.links = {{"/usr/bin/awk", "mawk"}, {"/usr/bin/which", "which.debianutils"}};
  recipe.remove = NeverRead();
  // The wrappers in /usr/bin look for clusters that the package manager made; the real programs are
  // on PATH.
  for (const char* path :
       {"usr/lib/*/libLLVM*", "usr/lib/*/libz3.so*", "usr/lib/postgresql/15/lib/llvmjit*",
        "usr/lib/postgresql/15/lib/bitcode", "etc/postgresql", "var/lib/postgresql/15",
        "usr/share/postgresql-common", "etc/postgresql-common", "usr/lib/*/perl*",
        "usr/share/perl*", "usr/bin/perl*", "usr/lib/*/libperl.so*"})
    recipe.remove.emplace_back(path);
  for (const char* program : {"psql", "pg_dump", "pg_restore", "pg_basebackup", "pg_isready",
                              "createdb", "dropdb", "createuser", "dropuser", "pgbench"})
    recipe.links[std::string("/usr/bin/") + program] =
        std::string("../lib/postgresql/15/bin/") + program;
  return recipe;
}

Recipe Busybox1() {
  Recipe recipe;
  recipe.name = "busybox:1";
  recipe.suite = "bookworm";
  recipe.packages = {"busybox-static"};
  recipe.environment = {{"PATH", kPath}};
  recipe.command = {"sh"};
  recipe.remove = NeverRead();
  recipe.busybox_links = true;
  return recipe;
}

}  // namespace

const std::vector<Recipe>& Recipes() {
  static const std::vector<Recipe> recipes = {Busybox1(), Postgres15()};
  return recipes;
}

const Recipe* FindRecipe(const std::string& name) {
  const auto found =
      std::ranges::find_if(Recipes(), [&](const Recipe& recipe) { return recipe.name == name; });
  return found == Recipes().end() ? nullptr : &*found;
}

std::string RecipeText(const Recipe& recipe) {
  Json directories = Json::array();
  for (const ImageDirectory& directory : recipe.directories)
    directories.push_back({directory.path, directory.mode});
  // The format number moves when the making itself changes what ends up in a root.
  const Json text = {
      {"format", 1},
      {"name", recipe.name},
      {"suite", recipe.suite},
      {"packages", recipe.packages},
      {"environment", recipe.environment},
      {"entryPoint", recipe.entry_point},
      {"command", recipe.command},
      {"user", {recipe.user.name, recipe.user.uid, recipe.user.gid, recipe.user.home}},
      {"directories", directories},
      {"links", recipe.links},
      {"remove", recipe.remove},
      {"busyboxLinks", recipe.busybox_links}};
  return DumpJson(text);
}

}  // namespace holdfast::sandbox
