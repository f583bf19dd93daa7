# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What files of settings say of a cluster, in the formats that programs have: found, and nothing else."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._plaintext import host_of, mentions

CLUSTER = ["es1.example.org", "es2.example.org", "es3", "192.0.2.11", "2001:db8::11"]
OTHERS = ["old.example.org", "192.0.2.99"]

# what a file says, and what of it is found: line and text
FOUND = {
    "a URL": ("ES_URL=http://es1.example.org:9200", ["1: http://es1.example.org:9200"]),
    "a URL in capitals": ("ES_URL=HTTP://ES1.example.org:9200/", ["1: http://ES1.example.org:9200"]),
    "a URL with a password": ("u = 'http://elastic:p@ss/w0rd@es1:9200/x'", ["1: es1:9200"]),
    "a URL with a user name": ("u = 'http://elastic:passw0rd@es1:9200/x'", ["1: http://es1:9200"]),
    "the transport port": ("cluster-nodes=es1:9300", ["1: es1:9300"]),
    "an unknown host": ("ES=http://search.internal:9200", ["1: http://search.internal:9200"]),
    "an IPv6 address": ("ES=http://[2001:DB8::11]:9200", ["1: http://[2001:DB8::11]:9200"]),
    "a variable": ('url: "http://${ES_HOST}:9200"', ["1: http://${ES_HOST}:9200"]),
    "a shell's variable": ('url="http://$ES_HOST:9200"', ["1: http://$ES_HOST:9200"]),
    "a template": ("url: http://{{ es_host }}:9200", ["1: http://{{ es_host }}:9200"]),
    "a format": ('url = "http://%s:9200/%s" % (host, index)', ["1: http://%s:9200"]),
    "an f-string": ('url = f"http://{host}:9200"', ["1: http://{host}:9200"]),
    "the cluster without a port": ("curl http://es3/_search", ["1: http://es3"]),
    "several in a line": (
        "ES_HOSTS=http://es1:9200,http://es2:9200,es3:9200",
        ["1: http://es1:9200", "1: http://es2:9200", "1: es3:9200"],
    ),
    "Beats": ('output.elasticsearch:\n  hosts: ["es1:9200", "es2:9200"]\n', ["2: es1:9200", "2: es2:9200"]),
    "Beats, a list": ('output.elasticsearch:\n  hosts:\n    - "es1:9200"\n    - es3:9200\n', ["3: es1:9200", "4: es3:9200"]),
    "Beats, no port": ('output.elasticsearch:\n  hosts: ["es1.example.org", "es3"]\n', ["2: es1.example.org, without a port", "2: es3, without a port"]),
    "Beats, a list without ports": ("output.elasticsearch:\n  hosts:\n    - es1\n    - es3\n", ["3: es1, without a port", "4: es3, without a port"]),
    "Beats, the protocol by itself": ('output.elasticsearch:\n  protocol: http\n  hosts: ["es1:9200"]\n', ["3: es1:9200"]),
    "Logstash": ('output {\n  elasticsearch {\n    hosts => ["es1:9200"]\n  }\n}\n', ["3: es1:9200"]),
    "Logstash, a URL without a port": ('output { elasticsearch { hosts => ["http://es1"] } }', ["1: http://es1"]),
    "Logstash, no port": ("output {\n  elasticsearch {\n    hosts => es3\n  }\n}\n", ["3: es3, without a port"]),
    "Logstash 1": ('elasticsearch {\n  host => "es1"\n  port => "9200"\n  protocol => "http"\n}', ["3: port 9200, host es1"]),
    "Kibana": ('elasticsearch.hosts: ["http://es1:9200"]', ["1: http://es1:9200"]),
    "Kibana 6": ('elasticsearch.url: "http://es1:9200"', ["1: http://es1:9200"]),
    "Kibana's container": ("ELASTICSEARCH_HOSTS='[\"http://es1:9200\"]'", ["1: http://es1:9200"]),
    "Grafana": ("datasources:\n  - name: logs\n    type: elasticsearch\n    url: http://es1:9200\n", ["4: http://es1:9200"]),
    "Fluentd": ("<match **>\n  @type elasticsearch\n  host es1\n  port 9200\n</match>\n", ["4: port 9200, host es1"]),
    "Fluentd, hosts": ("<match **>\n  @type elasticsearch\n  hosts es1:9200,es2:9200\n</match>\n", ["3: es1:9200", "3: es2:9200"]),
    "Fluentd, no port": ("<match **>\n  @type elasticsearch\n  host es3\n  logstash_format true\n</match>\n", ["3: es3, without a port"]),
    "Fluent Bit": ("[OUTPUT]\n    Name  es\n    Host  192.0.2.11\n    Port  9200\n    Index x\n", ["4: port 9200, host 192.0.2.11"]),
    "Fluent Bit, TLS of another output": (
        "[OUTPUT]\n    Name  http\n    tls   On\n[OUTPUT]\n    Name  es\n    Host  es1\n    Port  9200\n",
        ["7: port 9200, host es1"],
    ),
    "Spring Boot": ("spring.elasticsearch.rest.uris=http://es1:9200,http://es2:9200\n", ["1: http://es1:9200", "1: http://es2:9200"]),
    "Spring Boot, no scheme": ("spring.elasticsearch.uris=es1:9200\n", ["1: es1:9200"]),
    "Spring Data": ("spring.data.elasticsearch.cluster-nodes=es1:9300,es2:9300\n", ["1: es1:9300", "1: es2:9300"]),
    "Spring, a default": ("elasticsearch:\n  host: ${ES_HOST:es1}\n  port: ${ES_PORT:9200}\n", ["3: port 9200, host es1"]),
    "Java's properties": ("url=http\\://es1\\:9200\n", ["1: http://es1:9200"]),
    "properties with ports": ("es.host=es1\nes.port=9200\n", ["2: port 9200, host es1"]),
    "Hadoop": ("es.nodes = es1\nes.port = 9200\n", ["2: port 9200, host es1"]),
    ".env": ('ES_HOST=es1\nES_PORT="9200"\nES_SCHEME=http\n', ["2: port 9200, host es1"]),
    "a shell's default": ("port=${ES_PORT:-9200}\n", ["1: port 9200"]),
    "a systemd unit": (
        '[Service]\nEnvironment="ES_URL=http://es1:9200"\nExecStart=/opt/x --es http://es2:9200\n',
        ["2: http://es1:9200", "3: http://es2:9200"],
    ),
    "options of a command": ("ExecStart=/opt/x --host es1 --port 9200\n", ["1: port 9200, host es1"]),
    "JSON": ('{"elasticsearch": {"host": "es1", "port": 9200}}', ["1: port 9200, host es1"]),
    "JSON, lines": ('{\n  "host": "es1",\n  "port": 9200,\n  "scheme": "http"\n}', ["3: port 9200, host es1"]),
    "JSON, slashes": ('{"url":"http:\\/\\/es1:9200\\/x"}', ["1: http://es1:9200"]),
    "JavaScript": ("new Client({node: 'http://es1:9200'})", ["1: http://es1:9200"]),
    "JavaScript, short": ("const es = {host:'es1',port:9200}", ["1: port 9200, host es1"]),
    "Ruby": ("Elasticsearch::Client.new host: 'es1:9200'", ["1: es1:9200"]),
    "PHP": ("$hosts = [['host' => 'es1', 'port' => 9200, 'scheme' => 'http']];", ["1: port 9200, host es1"]),
    "XML": ("<es>\n  <host>es1</host>\n  <port>9200</port>\n</es>", ["3: port 9200, host es1"]),
    "XML, attributes": ('<server host="es1" port="9200"/>', ["1: port 9200, host es1"]),
    "log4j": ('<HttpAppender url="http://es1:9200/logs/_doc"/>', ["1: http://es1:9200"]),
    "docker-compose": ("environment:\n  - ELASTICSEARCH_URL=http://es1:9200\n  - ES=es2:9200\n", ["2: http://es1:9200", "3: es2:9200"]),
    "Python": ("es = Elasticsearch([{'host': 'es1', 'port': 9200}])", ["1: port 9200, host es1"]),
    "Python, keywords": ('es = Elasticsearch(host="es1", port=9200)', ["1: port 9200, host es1"]),
    "Python 7": (
        'es = Elasticsearch(["es1.example.org"])\nes = Elasticsearch(hosts=["es3"])',
        ["1: es1.example.org, without a port", "2: es3, without a port"],
    ),
    "a URL in a URL": ("proxy=https://p.example/?to=http%3A%2F%2Fes1%3A9200%2F", ["1: http://es1:9200"]),
    "a comment behind a value": ("url=https://es1.example.org # http://es1:9200", ["1: http://es1:9200"]),
    "a macro": ('#define ES "http://es1:9200"', ["1: http://es1:9200"]),
    "https on a port that is to be closed": ("url: https://es1.example.org:9200", ["1: https://es1.example.org:9200"]),
    "https on the port by itself": ("host: es1\nport: 9200\nscheme: https\n", ["2: https://es1:9200"]),
    "one file, twice": ("a=http://es1:9200\nb=http://es1:9200\n", ["1: http://es1:9200"]),
    "rsyslog": ('action(type="omelasticsearch" server="es1" serverport="9200")', ["1: port 9200, host es1"]),
    "nginx": ("proxy_pass http://es1:9200;\nupstream x { server es2:9200; }", ["1: http://es1:9200", "2: es2:9200"]),
    "Telegraf": ('[[outputs.elasticsearch]]\n  urls = [ "http://es1:9200" ]\n', ["2: http://es1:9200"]),
    # https://www.elastic.co/guide/en/elasticsearch/client/java-api-client/8.17/connecting.html
    "Java, the scheme of HttpHost": ('RestClient.builder(new HttpHost("es1", 9200))', ["1: es1:9200"]),
    "Java, with the scheme": ('RestClient.builder(new HttpHost("es1", 9200, "http"))', ["1: http://es1:9200"]),
    "Java, two in lines of their own": (
        'RestClient.builder(\n    new HttpHost("es1", 9200),\n    new HttpHost("192.0.2.11", 9200, "http"));',
        ["2: es1:9200", "3: http://192.0.2.11:9200"],
    ),
    "Java, https on the port": ('new HttpHost("es1", 9200, "https")', ["1: https://es1:9200"]),
    "Java, HttpHost of version 5": ('new HttpHost("http", "es1", 9200)', ["1: http://es1:9200"]),
    "Java, a host that is a variable": ("new HttpHost(esHost, 9200)", ["1: esHost:9200"]),
    "Java, the transport client": ('new TransportAddress(InetAddress.getByName("es1"), 9300)', ["1: es1:9300"]),
    "Java, an IPv6 address": ('new HttpHost("2001:db8::11", 9200)', ["1: 2001:db8::11:9200"]),
    "Java, a password in the wrong place": ('new HttpHost("http://elastic:passw0rd@es1", 9200)', ["1: http://es1"]),
    "Kotlin": ('RestClient.builder(HttpHost("es1", 9200))', ["1: es1:9200"]),
    "a range of ports": ('discovery: ["es1:9200-9300"]', ["1: es1:9200"]),
    "Spring Boot, YAML": ("spring:\n  elasticsearch:\n    uris: es1:9200,http://es2:9200\n", ["3: es1:9200", "3: http://es2:9200"]),
    "Spring Boot, no port": ("spring.elasticsearch.uris=es1.example.org\n", ["1: es1.example.org, without a port"]),
    "Spring Boot, YAML, a list without ports": (
        "spring:\n  elasticsearch:\n    uris:\n      - es1\n      - es3\n",
        ["4: es1, without a port", "5: es3, without a port"],
    ),
    "a line of JSON without an end": (
        json.dumps({f"key{n}": {"host": "mail.example.net", "port": 25, "ssl": True} for n in range(100)} | {"es": {"host": "es1", "port": 9200}}),
        ["1: port 9200, host es1"],
    ),
    # a port, or TLS, of something else
    "Beats, its own port": ('output.elasticsearch:\n  hosts: ["es1"]\nhttp.enabled: true\nhttp.port: 5066\n', ["2: es1, without a port"]),
    "Beats, flat, its own port": ('output.elasticsearch.hosts: ["es1"]\nhttp.port: 5066\n', ["1: es1, without a port"]),
    "Beats, flat, its own port in braces": ('hosts: ["es1"]\nhttp: {port: 5066}\n', ["1: es1, without a port"]),
    "Beats, one line, its own port": ('{hosts: ["es1"], http: {port: 5066}}\n', ["1: es1, without a port"]),
    ".env, another port": ("ELASTICSEARCH_HOST=es1\nREDIS_HOST=redis\nREDIS_PORT=6379\n", ["1: es1, without a port"]),
    ".env, TLS of mail": ("ELASTICSEARCH_HOST=es1\nMAIL_HOST=mx\nMAIL_USE_TLS=true\n", ["1: es1, without a port"]),
    ".env, an alias, secure sessions": (
        "ES_HOST=search.internal\nES_PORT=9200\nSESSION_SECURE=true\n",
        ["2: port 9200, host search.internal"],
    ),
    "an alias, TLS of SMTP": ("es_host: search.internal\nes_port: 9200\nssl: true\n", ["2: port 9200, host search.internal"]),
    "an alias, TLS of the next in a list": (
        "- host: search.internal\n  port: 9200\n- host: mx\n  ssl: true\n",
        ["2: port 9200, host search.internal"],
    ),
    "the port of the next in a list": ("- host: es1\n  index: x\n- host: mx\n  port: 25\n", ["1: es1, without a port"]),
    "Fluentd, the port of a source": (
        "<source>\n @type forward\n port 24224\n</source>\n<match **>\n @type elasticsearch\n host es1\n</match>\n",
        ["7: es1, without a port"],
    ),
    "Logstash, flat, the port of an input": (
        'tcp {\nport => 5000\n}\nelasticsearch {\nhosts => ["es1"]\n}\nhttp {\nport => 8080\n}\n',
        ["5: es1, without a port"],
    ),
    "another host with its port": ("--es-host es1 --port 8080", ["1: es1, without a port"]),
    "a port of the web server": ("const port = process.env.PORT || 3000\nconst opts = {host: 'es1'}", ["2: es1, without a port"]),
    # https without a port
    "Beats, https without a port": (
        'output.elasticsearch:\n  hosts: ["https://es1"]\n',
        ["2: https://es1, without a port, for which many programs take 9200"],
    ),
    "Beats, https without a port, a list": (
        "output.elasticsearch:\n  hosts:\n    - https://es1/\n    - https://es2:443\n    - es3\n",
        ["3: https://es1, without a port, for which many programs take 9200", "5: es3, without a port"],
    ),
    "Beats, flat, https without a port": (
        'output.elasticsearch.hosts: ["https://es1"]\n',
        ["1: https://es1, without a port, for which many programs take 9200"],
    ),
    "Logstash, https without a port": (
        'hosts => ["https://es1.example.org/"]',
        ["1: https://es1.example.org, without a port, for which many programs take 9200"],
    ),
    "Beats, the protocol by itself, no port": (
        'output.elasticsearch:\n  hosts: ["es1"]\n  protocol: https\n',
        ["2: https://es1, without a port, for which many programs take 9200"],
    ),
    "Logstash, ssl by itself, no port": (
        'elasticsearch {\n  hosts => ["es1"]\n  ssl_enabled => true\n}',
        ["2: https://es1, without a port, for which many programs take 9200"],
    ),
    # what joins a key and its value
    "PHP, constants": ("<?php\ndefine('ES_HOST', 'es1');\ndefine('ES_PORT', 9200);\n", ["3: port 9200, host es1"]),
    "Laravel": (
        "return ['host' => env('ELASTICSEARCH_HOST', 'localhost'), 'port' => env('ELASTICSEARCH_PORT', 9200)];",
        ["1: port 9200, host localhost"],
    ),
    "Laravel, lines": (
        "'hosts' => [[\n  'host' => env('ES_HOST', 'es1'),\n  'port' => env('ES_PORT', 9200),\n  'scheme' => env('ES_SCHEME', 'http'),\n]]",
        ["3: port 9200, host es1"],
    ),
    "Laravel, https": (
        "'host' => env('ES_HOST', 'es1'),\n'port' => env('ES_PORT', 9200),\n'scheme' => env('ES_SCHEME', 'https'),\n",
        ["2: https://es1:9200"],
    ),
    "Python, the environment": ("HOST = os.getenv('ES_HOST', 'es1')\nPORT = int(os.environ.get('ES_PORT', 9200))\n", ["2: port 9200, host es1"]),
    "JavaScript, ??": ("const port = Number(process.env.ES_PORT ?? 9200)", ["1: port 9200"]),
    "JavaScript, ||": ("const es = {host: process.env.ES_HOST || 'es1', port: process.env.ES_PORT || '9200'}", ["1: port 9200, host es1"]),
    "Python, or": ("port = os.environ['ES_PORT'] or 9200", ["1: port 9200"]),
    "Java, setPort": ('b.setHost("es1").setPort(9200)', ["1: port 9200", "1: es1, without a port"]),
    "Java, port()": ("builder\n  .host(name)\n  .port(9200)", ["3: port 9200, host name"]),
    "XML, key and value": ('<entry key="es.port" value="9200"/>', ["1: port 9200"]),
    "XML, param": ('<param name="host" value="es1"/>\n<param name="port" value="9200"/>', ["2: port 9200, host es1"]),
    "Kubernetes": ('env:\n- name: ES_HOST\n  value: es1\n- name: ES_PORT\n  value: "9200"\n', ["5: port 9200, host es1"]),
    "Kubernetes, no port": ("env:\n- name: ES_HOST\n  value: es1\n- name: WEB_PORT\n  value: 80\n", ["3: es1, without a port"]),
    "ECS": ('{"environment": [{"name": "ES_HOST", "value": "es1"}, {"name": "ES_PORT", "value": "9200"}]}', ["1: es1, without a port", "1: port 9200"]),
    "ECS, lines": ('{\n  "name": "ES_PORT",\n  "value": "9200"\n}', ["3: port 9200"]),
    "Hive": (
        "<property>\n  <name>es.nodes</name>\n  <value>es1</value>\n</property>\n<property><name>es.port</name><value>9200</value></property>\n",
        ["3: es1, without a port", "5: port 9200"],
    ),
    "a call with a list": ("es = Elasticsearch(['es1'])", ["1: es1, without a port"]),
    "a URL that is a host": ("ES_URL=es1\n", ["1: es1, without a port"]),
    "a URL that is a host, quoted": ('client = new Client({url: "es1"})', ["1: es1, without a port"]),
    "short options": ("ExecStart=/usr/bin/tool -h es1 -p 9200", ["1: es1:9200"]),
    "short options, an alias": ("tool -h search.internal -p 9200", ["1: port 9200, host search.internal"]),
    "a pair": ("s.connect(('es1', 9200))", ["1: es1:9200"]),
    "a pair, in lines": ('new HttpHost(\n  "es1",\n  9200,\n  "http")', ["3: es1:9200"]),
    "a socket of the shell": ("exec 3<>/dev/tcp/es1/9200", ["1: es1:9200"]),
    "host and port of nc": ("nc -z es1 9200", ["1: es1:9200"]),
    "UriBuilder": ('new UriBuilder("http", "es1", 9200)', ["1: es1:9200"]),
    "a list over lines": ('hosts: ["mail",\n  "es1",\n  "es3"]', ["2: es1, without a port", "3: es3, without a port"]),
    "a comment in its line only": ("/* old */ url = http://es1:9200", ["1: http://es1:9200"]),
    "a comment that has no end": ("/* x\nurl = http://es1:9200", ["2: http://es1:9200"]),
    "an option in a line of its own": ("tool \\\n  --host es1 \\\n  --port 9200", ["3: port 9200, host es1"]),
}

CLEAN = {
    "https": "url: https://es1.example.org",
    "https and 443": 'hosts: ["https://es1.example.org:443"]',
    "https on another cluster's 9200": "url: https://search.example.net:9200",
    "another cluster that is named": "url: http://old.example.org:9200\nx: 192.0.2.99:9300",
    "host and port apart, for another": "host: old.example.org\nport: 9200\n",
    "a comment": "# url: http://es1:9200\n  ; port=9200\n// http://es1:9200",
    "Filebeat as it comes": '#output.elasticsearch:\n  # Array of hosts to connect to.\n  #hosts: ["localhost:9200"]\n',
    "a comment of XML": "<x>\n<!-- <url>http://es1:9200</url>\n<port>9200</port> -->\n</x>",
    "what Docker publishes": 'ports:\n  - "9200:9200"\n  - 127.0.0.1:9243:443\n',
    "a longer number": "http://es1.example.net:92001/ x:19200 id=9200",
    "a time and a size": "at 12:9200 size 9200 bytes",
    "settings that client_trust writes": 'hosts: ["https://es1.example.org:443"]\nssl.verification_mode: full\n',
    "host, port and TLS": "[OUTPUT]\n  Name es\n  Host es1.example.org\n  Port 443\n  tls On\n",
    "another port": "http://es1.example.org:8080/ es1:5601",
    "a host of no settings": "# es1 is the first node\necho es1 is up\nssh es1 uptime\n",
    "another web server": "http://www.example.net/es1",
    "Java, https": 'RestClient.builder(new HttpHost("es1.example.org", 443, "https"))',
    "Java, https on another cluster's 9200": 'new HttpHost("search.example.net", 9200, "https")',
    "Java, for another": 'new HttpHost("old.example.org", 9200)',
    "Java, another port": 'new HttpHost("es1", 8080, "http")',
    "Java, another function": 'metric("HttpHost", 9200); retry(es1, 9200)',
    "a range of other ports": "es1:8000-8100 at 10:9200-9300",
    "a host, a port and a name": "es1:9200-backup",
    "Spring Boot, https": "spring.elasticsearch.uris=https://es1.example.org",
    "port within another word": "export_timeout: 9200\nsupport_id=9300\nreport_size: 9200\ntransport=9300\nimport 9200\n",
    "a database on the same host": "DB_HOST=192.0.2.11\nREDIS_URL=es1\n",
    "the time": "server es1 iburst\npool es1 iburst prefer\n",
    "mail": "smtp_server=es1\nMAIL_HOST=es1\n",
    "ssh": "Host es1\n  HostName 192.0.2.11\n  User x\n  Port 22\n",
    "who may ask": "ALLOWED_HOSTS: [es1, 192.0.2.11]\nansible_host=192.0.2.11\n",
    "a comment of SQL": "-- http://es1:9200\n--\n",
    "a comment of C": "/* http://es1:9200 */\n/**\n * port: 9200\n * http://es1:9200\n */\n",
    "https of a URL of one": "url: https://es1/\nES_URL=https://es1\nElasticsearch(['https://es1'])\n",
    "Kibana, https": 'elasticsearch.hosts: ["https://es1.example.org"]\nserver.port: 5601\n',
    "Kibana's container, https": "ELASTICSEARCH_HOSTS=https://es1.example.org\n",
    "Zookeeper and Kafka": "server.1=es1:2888:3888\nbootstrap.servers=es1:9092\n",
    "Python, a call in lines": 'es = Elasticsearch(host="es1",\n                   port=443, use_ssl=True)',
    "JSON, a port": '{\n  "host": "es1",\n  "port": 443\n}',
    "options, a port": "tool --host es1 --port 443\ntool \\\n  --host es1 \\\n  --port 443\n",
    ".env, a port": "ES_HOST=es1\nMAIL_PORT=25\nES_PORT=443\nES_SCHEME=https\n",
    "Kubernetes, a port": 'env:\n- name: ES_HOST\n  value: es1\n- name: ES_PORT\n  value: "443"\n',
    "Laravel, a port": "'host' => env('ES_HOST', 'es1'),\n'port' => env('ES_PORT', 443),\n",
    "rsyslog, a port": 'action(type="omelasticsearch"\n server="es1"\n serverport="443"\n usehttps="on")',
    "another's 9200 with TLS": "ES_HOST=search.internal\nES_PORT=9200\nES_USE_SSL=true\n",
    "a directory": "mkdir -p 9200/x\ndocker run -p 9200:9200",
    "the URIs of something else": "uris: lb://search-service\nuris: [mail.example.net]",
}


def told(text: str) -> list[str]:
    return [f"{each.line}: {each.text}" for each in mentions(text, [9200, 9300], CLUSTER, OTHERS)]


@pytest.mark.parametrize("name", FOUND)
def test_what_sends_a_program_to_plain_http_is_found(name: str) -> None:
    text, wanted = FOUND[name]
    assert told(text) == wanted


@pytest.mark.parametrize("name", CLEAN)
def test_what_does_not_is_left_alone(name: str) -> None:
    assert told(CLEAN[name]) == []


@pytest.mark.parametrize("name", FOUND)
def test_no_password_is_told(name: str) -> None:
    assert "w0rd" not in "".join(told(FOUND[name][0]))


def test_without_the_cluster_each_mention_of_a_port_counts_still() -> None:
    found = mentions("a=http://es1:9200\nhost: es2\nport: 9300\nhosts: [es1]\n", [9200, 9300], [])
    assert [each.text for each in found] == ["http://es1:9200", "port 9300, host es2"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://ES1.example.org:9243/x", "es1.example.org"),
        ("es1.", "es1"),
        ("2001:DB8:0::11", "2001:db8::11"),
        ("[2001:db8::11]:9200", "2001:db8::11"),
        ("", ""),
    ],
)
def test_a_host_is_read_from_whatever_names_it(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "9200",
        "port",
        "host_",
        "${",
        "-",
        "}",
        "{{",
        "://",
        "a.",
        "9200:",
        "es1 ",
        "hosts: [",
        "port=",
        "/* ",
        "\n/*\n",
        "<!--",
        "<name>",
        "name=a\n",
        "port 9200,",
        "es1,",
        "- es1\n",
        "'es1', ",
        'HttpHost("',
        "HttpHost(a.",
        "TransportAddress(a.getByName(",
    ],
)
def test_no_line_takes_long(part: str) -> None:
    begun = time.process_time()
    told(part * (200_000 // len(part)) + "9200")
    told("<x>" + part * (200_000 // len(part)) + "9200")
    assert time.process_time() - begun < 5
