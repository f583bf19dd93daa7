// elasticsearch-rest-client 7. Told where to go by /etc/tlsfront/client/elasticsearch.env, and whom to trust by java.args beside it.
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.http.HttpHost;
import org.apache.http.util.EntityUtils;
import org.elasticsearch.client.Request;
import org.elasticsearch.client.RestClient;

public class Example {
  private static RestClient client;

  public static void main(String[] arguments) throws Exception {
    // the JVM's system properties say what is trusted; chain and host name are verified
    client = RestClient.builder(HttpHost.create(System.getenv("ELASTICSEARCH_URL"))).build();
    String index = "/example-" + UUID.randomUUID();
    try {
      String bulk = IntStream.range(0, 1000).mapToObj(n -> "{\"index\":{}}\n{\"number\":" + n + "}\n").collect(Collectors.joining());
      long indexed = count("\"status\":201", ask("POST", index + "/_bulk?refresh=true", bulk));
      String found = first("\"count\":(\\d+)", ask("POST", index + "/_count", "{\"query\":{\"range\":{\"number\":{\"lt\":500}}}}"));
      String page = ask("POST", index + "/_search?scroll=1m", "{\"size\":250}");
      long scrolled = 0;
      for (long hits; (hits = count("\"_id\":", page)) > 0; scrolled += hits) {
        String scroll = first("\"_scroll_id\":\"([^\"]+)\"", page);
        page = ask("POST", "/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"" + scroll + "\"}");
      }
      ask("DELETE", index, null);
      System.out.printf("{\"indexed\": %d, \"found\": %s, \"scrolled\": %d}%n", indexed, found, scrolled);
    } finally {
      client.close();
    }
  }

  private static String ask(String method, String path, String body) throws Exception {
    Request request = new Request(method, path);
    if (body != null) request.setJsonEntity(body);
    return EntityUtils.toString(client.performRequest(request).getEntity());
  }

  private static long count(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().count();
  }

  private static String first(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    return matcher.find() ? matcher.group(1) : "null";
  }
}
