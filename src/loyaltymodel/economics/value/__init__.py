"""What customers are worth while they stay: present values, elasticities, break-even, equity."""
