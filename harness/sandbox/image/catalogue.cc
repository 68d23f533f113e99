// The catalogue itself: one function for each root.
#include "harness/sandbox/image/recipe.h"


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

// Not the static build: that one ends at the first look-up of a name.
Recipe Busybox1() {
  Recipe recipe;
  recipe.name = "busybox:1";
  recipe.suite = "bookworm";
  recipe.packages = {"busybox"};
  recipe.environment = {{"PATH", kPath}};
  recipe.command = {"sh"};
  recipe.remove = NeverRead();
  recipe.busybox_links = true;
  return recipe;
}

// Packages that nearly every program's wrapper scripts need.
const std::vector<std::string>& ShellPackages() {
  static const std::vector<std::string> packages = {
      "base-files", "bash", "coreutils", "dash",   "debianutils", "findutils", "grep", "gzip",
      "hostname",   "libc-bin", "mawk",  "procps", "sed",         "tar",       "util-linux"};
  return packages;
}

std::vector<std::string> WithShell(std::vector<std::string> packages) {
  packages.insert(packages.end(), ShellPackages().begin(), ShellPackages().end());
  return packages;
}

Recipe MariaDb(const std::string& version, const std::string& suite) {
  Recipe recipe;
  recipe.name = "mariadb:" + version;
  recipe.suite = suite;
  recipe.packages = WithShell({"mariadb-server-core", "mariadb-client-core", "mariadb-backup"});
  recipe.environment = {{"PATH", kPath}, {"LANG", "C.UTF-8"}};
  recipe.command = {"mariadbd"};
  recipe.user = {"mysql", 999, 999, "/var/lib/mysql"};
  recipe.directories = {{"/var/lib/mysql", 01777}, {"/run/mysqld", 01777}, {"/etc/mysql/conf.d", 0755}};
  recipe.links = {{"/usr/bin/awk", "mawk"}, {"/usr/bin/which", "which.debianutils"}};
  recipe.remove = NeverRead();
  recipe.files = {{"/etc/mysql/my.cnf", 0644,
                   "[client-server]\nsocket=/run/mysqld/mysqld.sock\n"
                   "[mariadbd]\nskip-name-resolve\nbind-address=0.0.0.0\n"
                   "!includedir /etc/mysql/conf.d\n"}};
  return recipe;
}

Recipe MySql9() {
  Recipe recipe;
  recipe.name = "mysql:9";
  recipe.suite = "sid";
  recipe.packages = WithShell({"mysql-server-core", "mysql-client-core"});
  recipe.environment = {{"PATH", kPath}, {"LANG", "C.UTF-8"}, {"MYSQL_MAJOR", "9"}};
  recipe.command = {"mysqld"};
  recipe.user = {"mysql", 999, 999, "/var/lib/mysql"};
  recipe.directories = {{"/var/lib/mysql", 01777},
                        {"/var/lib/mysql-files", 01777},
                        {"/run/mysqld", 01777},
                        {"/etc/mysql/conf.d", 0755}};
  recipe.links = {{"/usr/bin/awk", "mawk"}, {"/usr/bin/which", "which.debianutils"}};
  recipe.remove = NeverRead();
  recipe.files = {{"/etc/my.cnf", 0644,
                   "[client]\nsocket=/run/mysqld/mysqld.sock\n"
                   "[mysqld]\nskip-name-resolve\ndatadir=/var/lib/mysql\n"
                   "socket=/run/mysqld/mysqld.sock\nsecure-file-priv=/var/lib/mysql-files\n"
                   "!includedir /etc/mysql/conf.d/\n"}};
  return recipe;
}

// As the official image: no shell, only the programs.
Recipe Etcd(const std::string& version, const std::string& suite) {
  Recipe recipe;
  recipe.name = "etcd:" + version;
  recipe.suite = suite;
  recipe.packages = {"etcd-server", "etcd-client"};
  // Later releases leave it to this package to link /lib64, where programs look for their loader.
  if (suite != "bookworm") recipe.packages.emplace_back("base-files");
  recipe.environment = {{"PATH", kPath}};
  recipe.command = {"etcd"};
  recipe.directories = {{"/var/etcd", 0777}, {"/var/lib/etcd", 0777}};
  recipe.links = {{"/usr/local/bin/etcd", "/usr/bin/etcd"},
                  {"/usr/local/bin/etcdctl", "/usr/bin/etcdctl"}};
  recipe.remove = NeverRead();
  return recipe;
}

Recipe Redis(const std::string& version, const std::string& suite) {
  Recipe recipe;
  recipe.name = "redis:" + version;
  recipe.suite = suite;
  recipe.packages = WithShell({"redis-server", "redis-tools"});
  recipe.environment = {{"PATH", kPath}};
  recipe.command = {"redis-server"};
  recipe.user = {"redis", 999, 999, "/data"};
  recipe.working_directory = "/data";
  recipe.directories = {{"/data", 01777}};
  recipe.links = {{"/usr/bin/awk", "mawk"}, {"/usr/bin/which", "which.debianutils"}};
  recipe.remove = NeverRead();
  return recipe;
}

constexpr const char* kAgnhost = R"sh(#!/bin/sh
# The sub-commands of agnhost that StatefulSet tests use, with the shell's own means.
command=${1:-pause}
[ $# -gt 0 ] && shift
port=
for word; do
  case $word in
    --http-port=*|--port=*) port=${word#*=} ;;
    --http-port|--port) want=yes ;;
    *) [ -n "$want" ] && port=$word; want= ;;
  esac
done
trap 'exit 0' TERM INT
case $command in
  pause) ;;
  test-webserver) busybox httpd -f -p "${port:-80}" -h / & ;;
  netexec)
    [ -d /tmp/netexec ] || mkdir -p /tmp/netexec/cgi-bin
    hostname > /tmp/netexec/hostname
    hostname > /tmp/netexec/hostName
    echo ok > /tmp/netexec/healthz
    hostname > /tmp/netexec/index.html
    busybox httpd -f -p "${port:-8080}" -h /tmp/netexec & ;;
  *) echo "agnhost: '$command' is not one of pause, test-webserver, netexec" >&2; exit 1 ;;
esac
while :; do sleep 2147483647 & wait $!; done
)sh";

constexpr const char* kHttpd = R"sh(#!/bin/sh
# What the httpd image runs: its document root, on port 80.
trap 'exit 0' TERM INT WINCH
busybox httpd -f -p 80 -h /usr/local/apache2/htdocs &
while :; do wait $!; sleep 2147483647 & done
)sh";

constexpr const char* kNginx = R"sh(#!/bin/sh
# What the nginx image runs: its document root, on port 80.
trap 'exit 0' TERM INT QUIT WINCH
busybox httpd -f -p 80 -h /usr/share/nginx/html &
while :; do wait $!; sleep 2147483647 & done
)sh";

// The web servers of Kubernetes' own tests, with the shell tools that those run inside.
Recipe Agnhost2() {
  Recipe recipe;
  recipe.name = "agnhost:2";
  recipe.suite = "bookworm";
  recipe.packages = WithShell({"busybox"});
  recipe.environment = {{"PATH", std::string(kPath) + ":/usr/local/apache2/bin"}};
  recipe.entry_point = {"/agnhost"};
  recipe.command = {"pause"};
  recipe.directories = {{"/usr/local/apache2/htdocs", 0777}, {"/usr/share/nginx/html", 0777}};
  recipe.links = {{"/usr/bin/nslookup", "/bin/busybox"},
                  {"/usr/bin/wget", "/bin/busybox"},
                  {"/usr/bin/nc", "/bin/busybox"},
                  {"/usr/bin/ip", "/bin/busybox"},
                  {"/usr/bin/ping", "/bin/busybox"},
                  {"/usr/bin/vi", "/bin/busybox"},
                  {"/usr/bin/awk", "mawk"}};
  recipe.remove = NeverRead();
  recipe.files = {
      {"/agnhost", 0755, kAgnhost},
      {"/usr/local/bin/httpd-foreground", 0755, kHttpd},
      {"/usr/local/bin/nginx", 0755, kNginx},
      {"/usr/local/apache2/htdocs/index.html", 0666, "<html><body><h1>It works!</h1></body></html>\n"},
      {"/usr/share/nginx/html/index.html", 0666,
       "<html><head><title>Welcome to nginx!</title></head><body>It works.</body></html>\n"}};
  return recipe;
}

}  // namespace

const std::vector<Recipe>& Recipes() {
  static const std::vector<Recipe> recipes = {
      Busybox1(),
      Agnhost2(),
      Postgres15(),
      MariaDb("10.11", "bookworm"),
      MariaDb("11.8", "trixie"),
      MySql9(),
      Etcd("3.4", "bookworm"),
      Etcd("3.5", "trixie"),
      Redis("7", "bookworm"),
      Redis("8", "trixie"),
  };
  return recipes;
}

const std::vector<ImageAlias>& ImageAliases() {
  static const std::vector<ImageAlias> aliases = {
      {"pause", "busybox:1", {"sh", "-c", "trap 'exit 0' TERM INT; sleep 2147483647 & wait"}, {}},
      {"busybox", "busybox:1", {}, {"sh"}},
      {"agnhost", "agnhost:2", {"/agnhost"}, {"pause"}},
      {"base", "agnhost:2", {}, {"bash"}},
      {"httpd", "agnhost:2", {}, {"httpd-foreground"}, "/usr/local/apache2"},
      {"nginx", "agnhost:2", {}, {"nginx", "-g", "daemon off;"}},
      {"nginx-slim", "agnhost:2", {}, {"nginx", "-g", "daemon off;"}},
  };
  return aliases;
}

}  // namespace holdfast::sandbox
