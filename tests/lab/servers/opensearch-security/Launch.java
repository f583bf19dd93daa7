import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.security.OpenSearchSecurityPlugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * Starts one node from a configuration directory: Launch CONFIG_DIR NODE_NAME.
 *
 * The distribution's own main class is not used: its bootstrap checks ask for limits that a container cannot raise.
 * The security plugin stands on the class path and not in plugins/, so that its classes are in the archive (see compile).
 */
public class Launch {
    static class LabNode extends Node {
        LabNode(Environment environment) {
            super(environment, List.of(Netty4Plugin.class, OpenSearchSecurityPlugin.class), true);
        }
    }

    public static void main(String[] args) throws Exception {
        Path config = Path.of(args[0]);
        String name = args[1];
        LogConfigurator.setNodeName(name);
        LogConfigurator.registerErrorListener();
        Settings home = Settings.builder().put("path.home", System.getProperty("lab.home")).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(home, Map.of(), config, () -> name);
        LogConfigurator.configure(environment);
        Node node = new LabNode(environment);
        Lifetime.of(node, node::start);
    }
}
