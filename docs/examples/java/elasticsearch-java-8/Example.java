// elasticsearch-java 8. Told where to go by /etc/tlsfront/client/elasticsearch.env, and whom to trust by java.args beside it.
import co.elastic.clients.elasticsearch.ElasticsearchClient;
import co.elastic.clients.elasticsearch._types.Refresh;
import co.elastic.clients.elasticsearch._types.Time;
import co.elastic.clients.elasticsearch.core.BulkRequest;
import co.elastic.clients.elasticsearch.core.BulkResponse;
import co.elastic.clients.elasticsearch.core.ScrollResponse;
import co.elastic.clients.elasticsearch.core.SearchResponse;
import co.elastic.clients.json.jackson.JacksonJsonpMapper;
import co.elastic.clients.transport.rest_client.RestClientTransport;
import java.util.Map;
import java.util.UUID;
import org.apache.http.HttpHost;
import org.elasticsearch.client.RestClient;

public class Example {
  public static void main(String[] arguments) throws Exception {
    // the JVM's system properties say what is trusted; chain and host name are verified
    RestClient connection = RestClient.builder(HttpHost.create(System.getenv("ELASTICSEARCH_URL"))).build();
    ElasticsearchClient client = new ElasticsearchClient(new RestClientTransport(connection, new JacksonJsonpMapper()));
    String index = "example-" + UUID.randomUUID();
    try {
      BulkRequest.Builder bulk = new BulkRequest.Builder().index(index).refresh(Refresh.True);
      for (int number = 0; number < 1000; number++) {
        Map<String, Integer> document = Map.of("number", number);
        bulk.operations(operation -> operation.index(item -> item.document(document)));
      }
      BulkResponse response = client.bulk(bulk.build());
      long indexed = response.items().stream().filter(item -> item.status() == 201).count();
      long found = client.count(count -> count.index(index).query(q -> q.range(r -> r.number(n -> n.field("number").lt(500.0))))).count();
      Time minute = Time.of(time -> time.time("1m"));
      SearchResponse<Map> page = client.search(search -> search.index(index).size(250).scroll(minute), Map.class);
      long scrolled = page.hits().hits().size();
      String id = page.scrollId();
      for (boolean more = true; more;) {
        String previous = id;
        ScrollResponse<Map> next = client.scroll(scroll -> scroll.scrollId(previous).scroll(minute), Map.class);
        scrolled += next.hits().hits().size();
        more = !next.hits().hits().isEmpty();
        id = next.scrollId();
      }
      client.indices().delete(delete -> delete.index(index));
      System.out.printf("{\"indexed\": %d, \"found\": %d, \"scrolled\": %d}%n", indexed, found, scrolled);
    } finally {
      connection.close();
    }
  }
}
